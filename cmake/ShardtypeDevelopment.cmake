# What this project's own programs (examples, tests, bench) are compiled with. Users of the targets never see it.

option(SHARDTYPE_NATIVE "Compile this project's own programs for this machine's CPU" ON)

if(PROJECT_IS_TOP_LEVEL)
    if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
        set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
    endif()
    set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
    set(CMAKE_CXX_EXTENSIONS OFF)

    find_program(SHARDTYPE_CCACHE ccache)
    mark_as_advanced(SHARDTYPE_CCACHE)
    if(SHARDTYPE_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
        # ccache takes -march=native literally: a cache that moves to another CPU must miss.
        cmake_host_system_information(RESULT cpu QUERY PROCESSOR_DESCRIPTION)
        set(cpu_file "${PROJECT_BINARY_DIR}/ccache-cpu.txt")
        if(EXISTS /proc/cpuinfo)
            file(STRINGS /proc/cpuinfo flags REGEX "^flags" LIMIT_COUNT 1)
        endif()
        file(CONFIGURE OUTPUT "${cpu_file}" CONTENT "@cpu@\n@flags@\n" @ONLY)
        set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env "CCACHE_EXTRAFILES=${cpu_file}" "${SHARDTYPE_CCACHE}")
    endif()
endif()

add_library(shardtype_dev INTERFACE)
target_compile_options(shardtype_dev INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion)  # errors in presets and tests/run.sh
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # False alarms of g++ 12's optimizer in the intrinsics' headers and in std::string (GCC bugs 105593, 105651): off.
    # clang's builds keep its own checks of the same kind.
    target_compile_options(shardtype_dev INTERFACE -Wno-restrict -Wno-uninitialized -Wno-maybe-uninitialized)
    # These depend on the optimizer and the CPU: they are shown, but end no build.
    foreach(warning IN ITEMS aggressive-loop-optimizations array-bounds stringop-overflow)
        target_compile_options(shardtype_dev INTERFACE -Wno-error=${warning})
    endforeach()
endif()
if(SHARDTYPE_NATIVE)
    target_compile_options(shardtype_dev INTERFACE -march=native)
endif()
target_compile_definitions(shardtype_dev INTERFACE "SHARDTYPE_SOURCE_DIR=\"${PROJECT_SOURCE_DIR}\"")
target_link_libraries(shardtype_dev INTERFACE shardtype::runtime)

# The include directories a check hands to a compiler by itself: all but those that it searches anyway.
get_target_property(boost_include_dirs Boost::headers INTERFACE_INCLUDE_DIRECTORIES)
set(SHARDTYPE_CHECK_INCLUDE_DIRS
    "${PROJECT_SOURCE_DIR}/include" "${SHARDTYPE_THRUST_INCLUDE_DIR}" "${SHARDTYPE_DNNL_INCLUDE_DIR}"
    "${SHARDTYPE_XSIMD_INCLUDE_DIR}" "${SHARDTYPE_RANDOM123_INCLUDE_DIR}" ${boost_include_dirs} ${MPI_CXX_INCLUDE_DIRS})
list(REMOVE_ITEM SHARDTYPE_CHECK_INCLUDE_DIRS ${CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES})
list(REMOVE_DUPLICATES SHARDTYPE_CHECK_INCLUDE_DIRS)
