#pragma once

#include <boost/hana/adapt_struct.hpp>

#include "setting.hpp"

/// What `--layout auto` is told. (An adapted struct has room for 39 members: these have one of their own.) None is in the
/// record of a run, which names the layout that was chosen.
struct planner_settings {
    setting<std::string> hardware{.section = "planner",
                                  .help = "--layout auto: devices that are planned for",
                                  .value = "h100_sxm",
                                  .choices = {"a100_80gb", "h100_sxm", "h200_sxm", "b200_sxm", "this_machine"},
                                  .recorded = false};
    setting<double> device_memory{
        .section = "planner",
        .help = "--layout auto: MiB that a rank may take for all that it allocates; 0: what the device has",
        .value = 0,
        .most = 1e9,
        .recorded = false};
    setting<double> parameter_memory_low{
        .section = "planner",
        .help = "--layout auto: least share of the parameters that a rank stores, as AutoParallel's; 1: DDP",
        .value = 0,
        .most = 1,
        .recorded = false};
    setting<double> parameter_memory_high{
        .section = "planner",
        .help = "--layout auto: largest share of the parameters that a rank stores; 0: one over the ranks",
        .value = 1,
        .most = 1,
        .recorded = false};
    setting<bool> explain{.section = "planner",
                          .help = "--layout auto: show every mesh, and the plan of the one that is taken",
                          .value = false,
                          .recorded = false};
};
BOOST_HANA_ADAPT_STRUCT(planner_settings, hardware, device_memory, parameter_memory_low, parameter_memory_high,
                        explain);
