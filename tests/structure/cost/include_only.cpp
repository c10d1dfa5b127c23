#include <shardtype/shardtype.hpp>
