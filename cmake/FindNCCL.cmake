# NCCL before 2.29.7 brings no package file of its own. Looks in NCCL_ROOT, NCCL_HOME, the CUDA toolkit, the default
# directories, and in the package that pip installs (nvidia/nccl).
# Result: NCCL_FOUND, NCCL_VERSION, the target NCCL::nccl
include("${CMAKE_CURRENT_LIST_DIR}/ShardtypePipFolder.cmake")
shardtype_pip_folder(pip nccl)
set(hints ${NCCL_ROOT} $ENV{NCCL_ROOT} ${NCCL_HOME} $ENV{NCCL_HOME})
if(TARGET CUDA::cudart)
    get_target_property(cudart CUDA::cudart IMPORTED_LOCATION)
    cmake_path(GET cudart PARENT_PATH cudart)
    list(APPEND hints "${cudart}/.." "${cudart}")
endif()
find_path(NCCL_INCLUDE_DIR nccl.h HINTS ${hints} PATHS ${pip} PATH_SUFFIXES include)
find_library(NCCL_LIBRARY NAMES nccl libnccl.so.2 HINTS ${hints} PATHS ${pip} PATH_SUFFIXES lib lib64)
mark_as_advanced(NCCL_INCLUDE_DIR NCCL_LIBRARY)

set(NCCL_VERSION "")
if(NCCL_INCLUDE_DIR AND EXISTS "${NCCL_INCLUDE_DIR}/nccl.h")
    foreach(part IN ITEMS MAJOR MINOR PATCH)
        file(STRINGS "${NCCL_INCLUDE_DIR}/nccl.h" line REGEX "define NCCL_${part} +[0-9]+" LIMIT_COUNT 1)
        string(REGEX REPLACE ".*NCCL_${part} +([0-9]+).*" "\\1" line "${line}")
        list(APPEND NCCL_VERSION "${line}")
    endforeach()
    list(JOIN NCCL_VERSION "." NCCL_VERSION)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(NCCL REQUIRED_VARS NCCL_LIBRARY NCCL_INCLUDE_DIR VERSION_VAR NCCL_VERSION)
if(NCCL_FOUND AND NOT TARGET NCCL::nccl)
    add_library(NCCL::nccl UNKNOWN IMPORTED)
    set_target_properties(NCCL::nccl PROPERTIES
        IMPORTED_LOCATION "${NCCL_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES "${NCCL_INCLUDE_DIR}")
endif()
