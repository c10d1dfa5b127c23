# Programs whose ranks are processes: mpirun starts them. tests/mpi_hosts.sh, by itself, runs them on several hosts.
foreach(name IN ITEMS comm/mpi comm/mpi_failure runtime/mpi)
    string(REPLACE "/" "_" target "${name}")
    add_executable(${target} "${CMAKE_CURRENT_SOURCE_DIR}/${name}.cpp")
    target_link_libraries(${target} PRIVATE shardtype_test_options shardtype::mpi)
endforeach()

set(mpirun "${CMAKE_CURRENT_SOURCE_DIR}/support/mpirun.sh")
# mpi_test(name command...): ranks are as many as a small machine bears, so nothing else runs meanwhile
function(mpi_test name)
    add_test(NAME ${name} COMMAND ${ARGN})
    set_tests_properties(${name} PROPERTIES RUN_SERIAL ON TIMEOUT 300
        ENVIRONMENT "MPIRUN=${MPIEXEC_EXECUTABLE};OMP_NUM_THREADS=1")
endfunction()
foreach(ranks RANGE 1 8)
    mpi_test(comm_mpi_${ranks} bash "${mpirun}" ${ranks} $<TARGET_FILE:comm_mpi>)
endforeach()
mpi_test(comm_mpi_failure bash "${CMAKE_CURRENT_SOURCE_DIR}/comm/check_mpi_failure.sh" "${mpirun}"
    $<TARGET_FILE:comm_mpi_failure>)
mpi_test(runtime_mpi bash "${mpirun}" 8 $<TARGET_FILE:runtime_mpi> same)
mpi_test(runtime_mpi_failure bash "${CMAKE_CURRENT_SOURCE_DIR}/runtime/check_mpi_failure.sh" "${mpirun}"
    $<TARGET_FILE:runtime_mpi>)
