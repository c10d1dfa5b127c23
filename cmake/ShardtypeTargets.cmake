# The two targets a user links. Both are INTERFACE and carry no compile flags: those are the user's.
#   shardtype::shardtype  what compiles and plans: the headers, C++20, Boost.Hana
#   shardtype::runtime    what runs: oneDNN, Thrust on the host, xsimd, Random123, threads; defined where all are found

find_package(Boost 1.74 REQUIRED)

add_library(shardtype INTERFACE)
add_library(shardtype::shardtype ALIAS shardtype)
target_compile_features(shardtype INTERFACE cxx_std_20)
target_include_directories(shardtype INTERFACE "${PROJECT_SOURCE_DIR}/include")
target_link_libraries(shardtype INTERFACE Boost::headers)

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads)

# The CUDA toolkit's Thrust is newer than Debian's and is the one that nvcc takes: prefer it.
find_program(SHARDTYPE_NVCC nvcc HINTS ENV CUDA_HOME ENV CUDA_PATH PATHS /usr/local/cuda PATH_SUFFIXES bin)
mark_as_advanced(SHARDTYPE_NVCC)
set(thrust_hints "${SHARDTYPE_THRUST_ROOT}")
if(SHARDTYPE_NVCC)
    file(REAL_PATH "${SHARDTYPE_NVCC}" nvcc_real)
    cmake_path(GET nvcc_real PARENT_PATH nvcc_bin)
    cmake_path(GET nvcc_bin PARENT_PATH cuda_root)
    list(APPEND thrust_hints "${cuda_root}/include/cccl" "${cuda_root}/include")
endif()
find_path(SHARDTYPE_THRUST_INCLUDE_DIR thrust/version.h HINTS ${thrust_hints})

find_path(SHARDTYPE_DNNL_INCLUDE_DIR oneapi/dnnl/dnnl.h)
find_library(SHARDTYPE_DNNL_LIBRARY dnnl)
find_path(SHARDTYPE_XSIMD_INCLUDE_DIR xsimd/xsimd.hpp)
find_path(SHARDTYPE_RANDOM123_INCLUDE_DIR Random123/philox.h)
# oneDNN as packaged runs on GNU's OpenMP; clang's own libomp beside it in one process would be a second thread pool.
find_library(SHARDTYPE_GOMP_LIBRARY gomp HINTS ${CMAKE_CXX_IMPLICIT_LINK_DIRECTORIES})

set(missing "")
foreach(dependency IN ITEMS
        "Threads_FOUND|threads (libc6-dev)"
        "SHARDTYPE_THRUST_INCLUDE_DIR|Thrust (the CUDA toolkit or libthrust-dev)"
        "SHARDTYPE_DNNL_INCLUDE_DIR|oneDNN's headers (libdnnl-dev)"
        "SHARDTYPE_DNNL_LIBRARY|oneDNN (libdnnl-dev)"
        "SHARDTYPE_XSIMD_INCLUDE_DIR|xsimd (libxsimd-dev)"
        "SHARDTYPE_RANDOM123_INCLUDE_DIR|Random123 (librandom123-dev)"
        "SHARDTYPE_GOMP_LIBRARY|GNU OpenMP (comes with g++)")
    string(REPLACE "|" ";" dependency "${dependency}")
    list(GET dependency 0 variable)
    list(GET dependency 1 what)
    if(NOT ${variable})
        list(APPEND missing "${what}")
    endif()
endforeach()

if(missing)
    list(JOIN missing ", " missing)
    if(SHARDTYPE_BUILD_EXAMPLES OR SHARDTYPE_BUILD_TESTS OR SHARDTYPE_BUILD_BENCH)
        message(FATAL_ERROR "shardtype: not found: ${missing}")
    endif()
    message(STATUS "shardtype: no target shardtype::runtime, not found: ${missing}")
else()
    add_library(shardtype_runtime INTERFACE)
    add_library(shardtype::runtime ALIAS shardtype_runtime)
    # Not SYSTEM: behind -isystem the toolkit's Thrust would lose to an older one among the default directories.
    target_include_directories(shardtype_runtime INTERFACE
        "${SHARDTYPE_THRUST_INCLUDE_DIR}" "${SHARDTYPE_DNNL_INCLUDE_DIR}" "${SHARDTYPE_XSIMD_INCLUDE_DIR}"
        "${SHARDTYPE_RANDOM123_INCLUDE_DIR}")
    target_compile_definitions(shardtype_runtime INTERFACE
        THRUST_HOST_SYSTEM=THRUST_HOST_SYSTEM_CPP THRUST_DEVICE_SYSTEM=THRUST_DEVICE_SYSTEM_CPP)
    target_link_libraries(shardtype_runtime INTERFACE
        shardtype "${SHARDTYPE_DNNL_LIBRARY}" "${SHARDTYPE_GOMP_LIBRARY}" Threads::Threads)
endif()
