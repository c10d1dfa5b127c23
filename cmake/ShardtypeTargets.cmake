# The targets a user links. All are INTERFACE and carry no compile flags: those are the user's.
#   shardtype::shardtype  what compiles and plans: C++20, Boost.Hana
#   shardtype::runtime    what runs: oneDNN, Thrust on the host, xsimd, Random123, threads; there where all are found
#   shardtype::mpi        the same with ranks that are processes: MPI; there where it is found
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
option(SHARDTYPE_MPI "Require MPI: without it there is no target shardtype::mpi, and what needs it is skipped" OFF)
set(MPI_CXX_SKIP_MPICXX ON)
find_package(MPI QUIET COMPONENTS CXX)
if(MPI_CXX_FOUND AND NOT runtime_missing)
    add_library(shardtype_mpi INTERFACE)
    add_library(shardtype::mpi ALIAS shardtype_mpi)
    target_link_libraries(shardtype_mpi INTERFACE shardtype_runtime MPI::MPI_CXX)
elseif(SHARDTYPE_MPI)
    message(FATAL_ERROR "shardtype: SHARDTYPE_MPI is ON and MPI was not found: libopenmpi-dev and openmpi-bin in Debian")
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
