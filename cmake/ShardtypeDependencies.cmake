# What the targets stand on. The build and the installed package (shardtypeConfig.cmake) both include this file, so a
# consumer's machine is searched for what this one was. find_package and not find_dependency: what is missing is told
# in one message that names the Debian packages.
if(POLICY CMP0167)
    cmake_policy(SET CMP0167 NEW)  # Boost's own package file, not the module that newer CMakes lack
endif()
include("${CMAKE_CURRENT_LIST_DIR}/ShardtypePipFolder.cmake")

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

# shardtype_find_mpi(MISSING): MPI::MPI_CXX, of which only the C interface is used.
function(shardtype_find_mpi missing)
    set(MPI_CXX_SKIP_MPICXX ON)
    find_package(MPI QUIET COMPONENTS CXX)
    if(TARGET MPI::MPI_CXX)
        set(${missing} "" PARENT_SCOPE)
    else()
        set(${missing} "MPI (libopenmpi-dev, openmpi-bin)" PARENT_SCOPE)
    endif()
    set(MPI_CXX_INCLUDE_DIRS "${MPI_CXX_INCLUDE_DIRS}" PARENT_SCOPE)
endfunction()

# shardtype_find_cuda(MISSING): shardtype::cuda_dependencies. Runs no compiler and enables no language. cuDNN is taken
# where it is found: without it attention has only the kernels of this library.
function(shardtype_find_cuda missing)
    if(SHARDTYPE_NVCC AND NOT DEFINED CUDAToolkit_ROOT)
        file(REAL_PATH "${SHARDTYPE_NVCC}" nvcc)
        cmake_path(GET nvcc PARENT_PATH nvcc)
        cmake_path(GET nvcc PARENT_PATH CUDAToolkit_ROOT)
    endif()
    find_package(CUDAToolkit 12 QUIET)
    set(absent "")
    if(NOT TARGET CUDA::cudart)
        list(APPEND absent "the CUDA toolkit 12 or newer (CUDAToolkit_ROOT)")
    elseif(NOT TARGET CUDA::cublasLt)
        list(APPEND absent "cuBLASLt, a part of the CUDA toolkit")
    endif()
    list(JOIN absent ", " absent)
    set(${missing} "${absent}" PARENT_SCOPE)
    if(absent OR TARGET shardtype::cuda_dependencies)
        return()
    endif()

    shardtype_pip_folder(pip cudnn)
    set(hints ${CUDNN_ROOT} $ENV{CUDNN_ROOT} ${CUDNN_HOME} $ENV{CUDNN_HOME} ${CUDAToolkit_INCLUDE_DIRS} ${CUDAToolkit_LIBRARY_DIR})
    find_path(SHARDTYPE_CUDNN_INCLUDE_DIR cudnn.h HINTS ${hints} PATHS ${pip} PATH_SUFFIXES include)
    find_library(SHARDTYPE_CUDNN_LIBRARY NAMES cudnn libcudnn.so.9 HINTS ${hints} PATHS ${pip} PATH_SUFFIXES lib lib64)
    mark_as_advanced(SHARDTYPE_CUDNN_INCLUDE_DIR SHARDTYPE_CUDNN_LIBRARY)
    set(version "")
    if(SHARDTYPE_CUDNN_LIBRARY AND EXISTS "${SHARDTYPE_CUDNN_INCLUDE_DIR}/cudnn_version.h")
        file(STRINGS "${SHARDTYPE_CUDNN_INCLUDE_DIR}/cudnn_version.h" version REGEX "define CUDNN_MAJOR +9" LIMIT_COUNT 1)
    endif()

    add_library(shardtype::cuda_dependencies INTERFACE IMPORTED)
    target_link_libraries(shardtype::cuda_dependencies INTERFACE CUDA::cudart CUDA::cublasLt)
    if(version)
        target_compile_definitions(shardtype::cuda_dependencies INTERFACE SHARDTYPE_CUDNN)
        target_include_directories(shardtype::cuda_dependencies INTERFACE "${SHARDTYPE_CUDNN_INCLUDE_DIR}")
        target_link_libraries(shardtype::cuda_dependencies INTERFACE "${SHARDTYPE_CUDNN_LIBRARY}")
    endif()
endfunction()

# shardtype_find_nccl(MISSING): NCCL::nccl. Its own package file from 2.29.7 on, our module for those before.
function(shardtype_find_nccl missing)
    if(NOT TARGET NCCL::nccl)
        find_package(NCCL CONFIG QUIET)
    endif()
    if(NOT TARGET NCCL::nccl)
        list(PREPEND CMAKE_MODULE_PATH "${CMAKE_CURRENT_FUNCTION_LIST_DIR}")
        find_package(NCCL 2.18 MODULE QUIET)
    endif()
    if(TARGET NCCL::nccl)
        set(${missing} "" PARENT_SCOPE)
    else()
        set(${missing} "NCCL 2.18 or newer (NCCL_HOME)" PARENT_SCOPE)
    endif()
endfunction()
