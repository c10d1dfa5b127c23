# shardtype_check_config(TARGET FILE [WORLD_SIZE n] [HARDWARE a100_80gb|h100_sxm|h200_sxm])
# A torchtitan-style TOML file becomes a part of TARGET: `cmake --build` refuses a job that breaks a rule, a key that is
# unknown or ill-typed, and with HARDWARE a job that does not fit into its memory, at the file's own line.
#   WORLD_SIZE  devices, if the file has no world_size in its [parallelism]
# TARGET's sources may include the job as a value: for FILE llama3_8b.toml, #include "llama3_8b.toml.hpp" has
# shardtype::config::llama3_8b, to be written shardtype::training_job<shardtype::config::llama3_8b>.
# TARGET is an executable or a library of this directory. Needs toml++ on the machine that builds.
function(shardtype_check_config target file)
    set(problem "shardtype_check_config(${target} ${file}):")
    cmake_parse_arguments(PARSE_ARGV 2 arg "" "WORLD_SIZE;HARDWARE" "")
    if(arg_UNPARSED_ARGUMENTS OR arg_KEYWORDS_MISSING_VALUES)
        message(FATAL_ERROR "${problem} the arguments are TARGET FILE [WORLD_SIZE n] [HARDWARE name], not also "
            "${arg_UNPARSED_ARGUMENTS} ${arg_KEYWORDS_MISSING_VALUES}")
    endif()
    if(NOT DEFINED arg_WORLD_SIZE)
        set(arg_WORLD_SIZE 0)  # the file has it
    elseif(NOT arg_WORLD_SIZE MATCHES "^[1-9][0-9]*$" OR arg_WORLD_SIZE GREATER 16777216)
        message(FATAL_ERROR "${problem} WORLD_SIZE ${arg_WORLD_SIZE} is not a number of devices")
    endif()
    if(NOT DEFINED arg_HARDWARE)
        set(arg_HARDWARE none)
    endif()
    cmake_path(ABSOLUTE_PATH file BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" NORMALIZE OUTPUT_VARIABLE path)
    if(NOT EXISTS "${path}" OR IS_DIRECTORY "${path}")
        message(FATAL_ERROR "${problem} ${path}: no such file")
    endif()
    if(NOT TARGET ${target})
        message(FATAL_ERROR "${problem} there is no target ${target}")
    endif()
    get_target_property(folder ${target} SOURCE_DIR)
    get_target_property(type ${target} TYPE)
    if(NOT folder STREQUAL CMAKE_CURRENT_SOURCE_DIR OR NOT type MATCHES "EXECUTABLE|(STATIC|SHARED|MODULE|OBJECT)_LIBRARY")
        message(FATAL_ERROR "${problem} ${target} must be an executable or a compiled library of this directory")
    endif()

    # The tool runs on the machine that builds; it is built when the first configuration is.
    if(NOT TARGET shardtype_toml_to_job)
        find_package(tomlplusplus QUIET)
        if(NOT TARGET tomlplusplus::tomlplusplus)
            message(FATAL_ERROR "${problem} not found: toml++ (libtomlplusplus-dev)")
        endif()
        if(CMAKE_CROSSCOMPILING AND NOT CMAKE_CROSSCOMPILING_EMULATOR)
            message(FATAL_ERROR "${problem} reads the file with a program of its own: it cannot cross-compile "
                "without CMAKE_CROSSCOMPILING_EMULATOR")
        endif()
        add_executable(shardtype_toml_to_job EXCLUDE_FROM_ALL
            "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/check_config/toml_to_job.cpp")
        target_link_libraries(shardtype_toml_to_job PRIVATE shardtype::shardtype tomlplusplus::tomlplusplus)
    endif()

    cmake_path(GET path FILENAME name)
    set(made "${CMAKE_CURRENT_BINARY_DIR}/shardtype_config/${target}")
    file(MAKE_DIRECTORY "${made}")
    add_custom_command(OUTPUT "${made}/${name}.cpp" "${made}/${name}.hpp"
        COMMAND shardtype_toml_to_job "${path}" "${made}/${name}.cpp" "${made}/${name}.hpp" ${arg_WORLD_SIZE}
            ${arg_HARDWARE}
        DEPENDS "${path}" shardtype_toml_to_job
        COMMENT "Reading ${name}" VERBATIM)
    target_sources(${target} PRIVATE "${made}/${name}.cpp" "${made}/${name}.hpp")
    target_include_directories(${target} PRIVATE "${made}")
    # As target_link_libraries(... PRIVATE ...), which does not go with a target that is linked without a keyword.
    set_property(TARGET ${target} APPEND PROPERTY LINK_LIBRARIES shardtype::shardtype)
endfunction()
