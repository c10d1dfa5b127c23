# What the targets stand on. The build and the installed package (shardtypeConfig.cmake) both include this file, so a
# consumer's machine is searched for what this one was. find_package and not find_dependency: what is missing is told
# in one message that names the Debian packages.
if(POLICY CMP0167)
    cmake_policy(SET CMP0167 NEW)  # Boost's own package file, not the module that newer CMakes lack
endif()

# shardtype_find_base(MISSING): Boost::headers
function(shardtype_find_base missing)
    find_package(Boost 1.74 QUIET)
    if(TARGET Boost::headers)
        set(${missing} "" PARENT_SCOPE)
    else()
        set(${missing} "Boost.Hana of Boost 1.74 or newer (libboost-dev)" PARENT_SCOPE)
    endif()
endfunction()

# shardtype_find_runtime(MISSING): shardtype::thrust and shardtype::runtime_dependencies
function(shardtype_find_runtime missing)
    find_package(Threads QUIET)

    # The CUDA toolkit's Thrust is newer than Debian's and is the one that nvcc takes: prefer it.
    find_program(SHARDTYPE_NVCC nvcc HINTS ENV CUDA_HOME ENV CUDA_PATH PATHS /usr/local/cuda PATH_SUFFIXES bin)
    set(thrust_hints "${SHARDTYPE_THRUST_ROOT}")
    if(SHARDTYPE_NVCC)
        file(REAL_PATH "${SHARDTYPE_NVCC}" nvcc_real)
        cmake_path(GET nvcc_real PARENT_PATH nvcc_bin)
        cmake_path(GET nvcc_bin PARENT_PATH cuda_root)
        list(APPEND thrust_hints "${cuda_root}/include/cccl" "${cuda_root}/include")
    endif()
    find_path(SHARDTYPE_THRUST_INCLUDE_DIR thrust/version.h HINTS ${thrust_hints})

    find_path(SHARDTYPE_DNNL_INCLUDE_DIR dnnl.h)
    find_library(SHARDTYPE_DNNL_LIBRARY dnnl)
    find_path(SHARDTYPE_XSIMD_INCLUDE_DIR xsimd/xsimd.hpp)
    find_path(SHARDTYPE_RANDOM123_INCLUDE_DIR Random123/philox.h)
    # oneDNN as packaged runs on GNU's OpenMP; clang's own libomp beside it in one process would be a second thread
    # pool.
    find_library(SHARDTYPE_GOMP_LIBRARY gomp HINTS ${CMAKE_CXX_IMPLICIT_LINK_DIRECTORIES})
    mark_as_advanced(SHARDTYPE_NVCC SHARDTYPE_THRUST_INCLUDE_DIR SHARDTYPE_DNNL_INCLUDE_DIR SHARDTYPE_DNNL_LIBRARY
        SHARDTYPE_XSIMD_INCLUDE_DIR SHARDTYPE_RANDOM123_INCLUDE_DIR SHARDTYPE_GOMP_LIBRARY)

    # oneDNN 3 has another C API for descriptions.
    set(dnnl_version "${SHARDTYPE_DNNL_INCLUDE_DIR}/oneapi/dnnl/dnnl_version.h")
    set(dnnl_headers FALSE)
    if(SHARDTYPE_DNNL_INCLUDE_DIR AND EXISTS "${dnnl_version}")
        file(STRINGS "${dnnl_version}" dnnl_headers REGEX "define DNNL_VERSION_MAJOR +2" LIMIT_COUNT 1)
    endif()

    set(absent "")
    foreach(dependency IN ITEMS
            "Threads_FOUND|threads (libc6-dev)"
            "SHARDTYPE_THRUST_INCLUDE_DIR|Thrust (libthrust-dev, or the CUDA toolkit)"
            "dnnl_headers|the headers of oneDNN 2 (libdnnl-dev)"
            "SHARDTYPE_DNNL_LIBRARY|oneDNN 2 (libdnnl-dev)"
            "SHARDTYPE_XSIMD_INCLUDE_DIR|xsimd (libxsimd-dev)"
            "SHARDTYPE_RANDOM123_INCLUDE_DIR|Random123 (librandom123-dev)"
            "SHARDTYPE_GOMP_LIBRARY|GNU OpenMP (g++)")
        string(REPLACE "|" ";" dependency "${dependency}")
        list(GET dependency 0 variable)
        list(GET dependency 1 what)
        if(NOT ${variable})
            list(APPEND absent "${what}")
        endif()
    endforeach()
    list(JOIN absent ", " absent)
    set(${missing} "${absent}" PARENT_SCOPE)
    if(absent OR TARGET shardtype::runtime_dependencies)
        return()
    endif()

    # Imported here and only named by shardtype::runtime: what is installed holds no path of the machine that built it.
    add_library(shardtype::thrust INTERFACE IMPORTED)
    # Not SYSTEM: behind -isystem the toolkit's Thrust would lose to an older one among the default directories.
    set_target_properties(shardtype::thrust PROPERTIES SYSTEM OFF
        INTERFACE_INCLUDE_DIRECTORIES "${SHARDTYPE_THRUST_INCLUDE_DIR}"
        INTERFACE_COMPILE_DEFINITIONS
            "THRUST_HOST_SYSTEM=THRUST_HOST_SYSTEM_CPP;THRUST_DEVICE_SYSTEM=THRUST_DEVICE_SYSTEM_CPP")
    add_library(shardtype::runtime_dependencies INTERFACE IMPORTED)
    target_include_directories(shardtype::runtime_dependencies INTERFACE
        "${SHARDTYPE_DNNL_INCLUDE_DIR}" "${SHARDTYPE_XSIMD_INCLUDE_DIR}" "${SHARDTYPE_RANDOM123_INCLUDE_DIR}")
    target_link_libraries(shardtype::runtime_dependencies INTERFACE
        shardtype::thrust "${SHARDTYPE_DNNL_LIBRARY}" "${SHARDTYPE_GOMP_LIBRARY}" Threads::Threads)
endfunction()
