# cmake --install: the headers and the package that find_package(shardtype [COMPONENTS runtime mpi cuda nccl]) loads. No installed
# file holds a path of this machine, so the prefix can be moved.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_dir "${CMAKE_INSTALL_DATADIR}/cmake/shardtype")
set_target_properties(shardtype_runtime PROPERTIES EXPORT_NAME runtime)
install(TARGETS shardtype EXPORT shardtypeTargets FILE_SET HEADERS)
install(TARGETS shardtype_runtime EXPORT shardtypeRuntimeTargets FILE_SET HEADERS)
install(EXPORT shardtypeTargets NAMESPACE shardtype:: DESTINATION "${package_dir}")
install(EXPORT shardtypeRuntimeTargets NAMESPACE shardtype:: DESTINATION "${package_dir}")
foreach(part IN ITEMS Mpi Cuda Nccl)
    string(TOLOWER "${part}" name)
    set_target_properties(shardtype_${name} PROPERTIES EXPORT_NAME ${name})
    install(TARGETS shardtype_${name} EXPORT shardtype${part}Targets)
    install(EXPORT shardtype${part}Targets NAMESPACE shardtype:: DESTINATION "${package_dir}")
endforeach()

# Before 1.0 a minor version may break a program.
set(compatibility SameMajorVersion)
if(PROJECT_VERSION_MAJOR EQUAL 0)
    set(compatibility SameMinorVersion)
endif()
write_basic_package_version_file("${CMAKE_CURRENT_BINARY_DIR}/shardtypeConfigVersion.cmake"
    COMPATIBILITY ${compatibility} ARCH_INDEPENDENT)
install(FILES
    "${CMAKE_CURRENT_LIST_DIR}/shardtypeConfig.cmake" "${CMAKE_CURRENT_LIST_DIR}/ShardtypeDependencies.cmake"
    "${CMAKE_CURRENT_LIST_DIR}/ShardtypeCheckConfig.cmake" "${CMAKE_CURRENT_LIST_DIR}/ShardtypePipFolder.cmake"
    "${CMAKE_CURRENT_LIST_DIR}/FindNCCL.cmake"
    "${CMAKE_CURRENT_BINARY_DIR}/shardtypeConfigVersion.cmake" DESTINATION "${package_dir}")
install(DIRECTORY "${CMAKE_CURRENT_LIST_DIR}/check_config" DESTINATION "${package_dir}")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
