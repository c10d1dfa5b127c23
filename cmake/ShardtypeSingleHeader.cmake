# The target single_header: shardtype/shardtype.hpp and all that it includes as one file, for Compiler Explorer and bug
# reports.
set(single_header "${PROJECT_BINARY_DIR}/shardtype_single.hpp")
get_target_property(headers shardtype HEADER_SET)
add_custom_command(OUTPUT "${single_header}"
    COMMAND sh "${PROJECT_SOURCE_DIR}/cmake/flatten.sh" "${PROJECT_SOURCE_DIR}" "${PROJECT_VERSION}" "${single_header}"
    DEPENDS "${PROJECT_SOURCE_DIR}/cmake/flatten.sh" "${PROJECT_SOURCE_DIR}/LICENSE" ${headers}
    COMMENT "shardtype_single.hpp" VERBATIM)
add_custom_target(single_header DEPENDS "${single_header}")
