#pragma once
#include "fake/blocks.hpp"
#include "fake/graphs.hpp"
#include "fake/launch.hpp"
#include "fake/memory.hpp"
#include "fake/report.hpp"
#include "fake/scheduler.hpp"
#include "fake/streams.hpp"
#include "fake/types.hpp"
#include "fake/warps.hpp"

#include "fake/device_calls.hpp"
#include "fake/stream_calls.hpp"
