# The targets a user links. All are INTERFACE and carry no compile flags: those are the user's.
#   shardtype::shardtype  what compiles and plans: C++20, Boost.Hana
#   shardtype::runtime    what runs: oneDNN, Thrust on the host, xsimd, Random123, threads; there where all are found
#   shardtype::mpi        the same with ranks that are processes: MPI; see SHARDTYPE_MPI
#   shardtype::cuda       the same on GPUs: the CUDA runtime, cuBLASLt, cuDNN where it is found; see SHARDTYPE_CUDA
#   shardtype::nccl       GPUs of several processes: NCCL; there where it is found and shardtype::cuda is
include("${CMAKE_CURRENT_LIST_DIR}/ShardtypeDependencies.cmake")

shardtype_find_base(base_missing)
shardtype_find_runtime(runtime_missing)
if(base_missing)
    message(FATAL_ERROR "shardtype: not found: ${base_missing}")
endif()

# A header is the compile-time target's if its layer (its folder) is.
set(include_dir "${PROJECT_SOURCE_DIR}/include")
set(watch "")
if(PROJECT_IS_TOP_LEVEL)
    set(watch CONFIGURE_DEPENDS)  # only who works on this library adds headers
endif()
file(GLOB_RECURSE runtime_headers ${watch} "${include_dir}/*.hpp")
set(headers ${runtime_headers})
list(FILTER headers INCLUDE REGEX
    "/shardtype/(shardtype\\.hpp$|(base|mesh|placement|tensor|rules|plan|model|schedule)/)")
list(REMOVE_ITEM runtime_headers ${headers})

add_library(shardtype INTERFACE)
add_library(shardtype::shardtype ALIAS shardtype)
target_sources(shardtype INTERFACE FILE_SET HEADERS BASE_DIRS "${include_dir}" FILES ${headers})
target_compile_features(shardtype INTERFACE cxx_std_20)
target_link_libraries(shardtype INTERFACE Boost::headers)

# It names its dependencies without having them, so it can be installed from a machine that lacks them.
add_library(shardtype_runtime INTERFACE)
target_sources(shardtype_runtime INTERFACE FILE_SET HEADERS BASE_DIRS "${include_dir}" FILES ${runtime_headers})
target_link_libraries(shardtype_runtime INTERFACE shardtype shardtype::runtime_dependencies)

# A program's files agree on it, so it comes with the target or not at all.
set(verify_views OFF)
if(PROJECT_IS_TOP_LEVEL AND CMAKE_BUILD_TYPE STREQUAL "Debug")
    set(verify_views ON)
endif()
option(SHARDTYPE_VERIFY_VIEWS "Verify every view at run time: a collective for each" ${verify_views})
if(SHARDTYPE_VERIFY_VIEWS)
    target_compile_definitions(shardtype_runtime INTERFACE SHARDTYPE_VERIFY_VIEWS)
endif()

# What <shardtype/train/mpi.hpp> and <shardtype/comm/mpi/...> want besides: MPI's C interface.
set(mpi_default OFF)  # a project that adds this one asks for it
if(PROJECT_IS_TOP_LEVEL)
    set(mpi_default AUTO)
endif()
set(SHARDTYPE_MPI ${mpi_default} CACHE STRING "ON: require MPI; AUTO: shardtype::mpi where it is found; OFF: do not look")
set_property(CACHE SHARDTYPE_MPI PROPERTY STRINGS ON AUTO OFF)
set(mpi_missing "${runtime_missing}")
if(SHARDTYPE_MPI AND NOT mpi_missing)  # AUTO is true
    shardtype_find_mpi(mpi_missing)
endif()
# As the runtime's, it names what it needs without having it.
if(SHARDTYPE_INSTALL OR (SHARDTYPE_MPI AND NOT mpi_missing))
    add_library(shardtype_mpi INTERFACE)
    target_link_libraries(shardtype_mpi INTERFACE shardtype_runtime MPI::MPI_CXX)
endif()
if(SHARDTYPE_MPI AND NOT mpi_missing)
    add_library(shardtype::mpi ALIAS shardtype_mpi)
elseif(SHARDTYPE_MPI AND NOT SHARDTYPE_MPI STREQUAL "AUTO")
    message(FATAL_ERROR "shardtype: SHARDTYPE_MPI is ${SHARDTYPE_MPI} and this was not found: ${mpi_missing}")
endif()

# What <shardtype/train/cuda.hpp>, <shardtype/kernels/cuda/...> and <shardtype/comm/nccl/...> want besides. A file that
# includes them is the user's to compile as CUDA: no language is enabled here.
set(cuda_default OFF)  # a project that adds this one gets it when it has enabled CUDA before, or asks for it
if(PROJECT_IS_TOP_LEVEL OR CMAKE_CUDA_COMPILER)
    set(cuda_default AUTO)
endif()
set(SHARDTYPE_CUDA ${cuda_default} CACHE STRING "ON: require the CUDA back end; AUTO: where nvcc is found; OFF: do not look")
set_property(CACHE SHARDTYPE_CUDA PROPERTY STRINGS ON AUTO OFF)
set(cuda_missing "${runtime_missing}")
if(SHARDTYPE_CUDA AND NOT cuda_missing)  # AUTO is true
    set(cuda_missing "nvcc (CUDA_HOME, or SHARDTYPE_NVCC)")
    if(SHARDTYPE_NVCC OR CMAKE_CUDA_COMPILER)
        shardtype_find_cuda(cuda_missing)
    endif()
    set(nccl_missing "${cuda_missing}")
    if(NOT cuda_missing)
        shardtype_find_nccl(nccl_missing)
    endif()
endif()
# As the runtime's, they name what they need without having it.
if(SHARDTYPE_INSTALL OR (SHARDTYPE_CUDA AND NOT cuda_missing))
    add_library(shardtype_cuda INTERFACE)
    target_link_libraries(shardtype_cuda INTERFACE shardtype_runtime shardtype::cuda_dependencies)
    add_library(shardtype_nccl INTERFACE)
    target_link_libraries(shardtype_nccl INTERFACE shardtype_cuda NCCL::nccl)
endif()
if(SHARDTYPE_CUDA)
    foreach(part IN ITEMS cuda nccl)
        if(NOT ${part}_missing)
            add_library(shardtype::${part} ALIAS shardtype_${part})
        elseif(part STREQUAL "cuda" AND NOT SHARDTYPE_CUDA STREQUAL "AUTO")
            message(FATAL_ERROR "shardtype: SHARDTYPE_CUDA is ${SHARDTYPE_CUDA} and this was not found: ${cuda_missing}")
        else()
            message(STATUS "shardtype: no target shardtype::${part}, not found: ${${part}_missing}")
        endif()
    endforeach()
endif()

# tests/structure/ compiles every header alone: a user's CMAKE_VERIFY_INTERFACE_HEADER_SETS is about the user's.
set_target_properties(shardtype shardtype_runtime PROPERTIES VERIFY_INTERFACE_HEADER_SETS OFF)

if(NOT runtime_missing)
    add_library(shardtype::runtime ALIAS shardtype_runtime)
elseif(SHARDTYPE_BUILD_EXAMPLES OR SHARDTYPE_BUILD_TESTS OR SHARDTYPE_BUILD_BENCH)
    message(FATAL_ERROR "shardtype: the examples, tests and benchmarks need what was not found: ${runtime_missing}")
else()
    message(STATUS "shardtype: no target shardtype::runtime, not found: ${runtime_missing}")
endif()
