# shardtype_pip_folder(RESULT PACKAGE): the folders of nvidia/PACKAGE among Python's packages, which is where pip
# installs NVIDIA's libraries; empty without Python, or where there is none.
function(shardtype_pip_folder result package)
    if(NOT DEFINED SHARDTYPE_PIP_NVIDIA)
        find_program(SHARDTYPE_PYTHON NAMES python3)
        mark_as_advanced(SHARDTYPE_PYTHON)
        set(said "")
        if(SHARDTYPE_PYTHON)
            execute_process(COMMAND "${SHARDTYPE_PYTHON}" -c "import nvidia; print(*nvidia.__path__, sep=';')"
                OUTPUT_VARIABLE said ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
        endif()
        set(SHARDTYPE_PIP_NVIDIA "${said}" CACHE INTERNAL "Where pip has put NVIDIA's libraries")
    endif()
    list(TRANSFORM SHARDTYPE_PIP_NVIDIA APPEND "/${package}" OUTPUT_VARIABLE folders)
    set(${result} "${folders}" PARENT_SCOPE)
endfunction()
