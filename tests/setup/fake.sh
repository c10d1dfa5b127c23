#!/bin/bash
# A tool of check_setup.sh's made-up machine, by the name it is called under. Files in $STATE say how it behaves:
#   uid, installed, archive (packages), offline, locked, sudo_password, dpkg_fails, slow (TOOL: it hangs until a signal),
#   disk (MOUNT MIB a line), compiler (version), broken_compiler, cmake_fails, build_fails, cores, program_code
name=${0##*/}
echo "$name $*" >>"$STATE/calls"
state() { [ -e "$STATE/$1" ]; }
lacks() { local p; for p in "${packages[@]}"; do grep -qxF "$p" "$1" || echo "$p"; done; }
if state slow && [[ "$name $*" == "$(<"$STATE/slow")"* ]]; then
    echo started >"$STATE/started"
    for _ in {1..40}; do sleep 0.05; done
fi

case $name in
    id) cat "$STATE/uid" ;;
    nproc) cat "$STATE/cores" 2>/dev/null || echo 2 ;;
    du) echo "0 ${*: -1}" ;;
    setsid) shift && exec "$@" ;;
    dpkg) [[ $4 != 4:12 || $2 == 4:1[2-9]* ]] ;;  # --compare-versions
    git | ninja) ;;
    sudo)
        if state sudo_password && [ "$1" = -n ]; then exit 1; fi
        [ "$1" != -n ] || shift
        [ "$1" = true ] || [ "$1" = -v ] || exec "$@"
        ;;
    df)
        path=${*: -1}
        while read -r mount free; do
            if [[ $path == "$mount"* ]]; then
                printf 'Filesystem 1024-blocks Used Available Capacity Mounted on\n'
                printf 'disk 0 0 %d 0%% %s\n' $((free * 1024)) "$mount"
                exit
            fi
        done < <(cat "$STATE/disk" 2>/dev/null; echo / 100000)
        ;;
    dpkg-query)
        packages=("${@:4}")
        for p in "${packages[@]}"; do ! grep -qxF "$p" "$STATE/installed" || echo "$p installed"; done
        [ -z "$(lacks "$STATE/installed")" ]
        ;;
    apt-get)
        packages=()
        for argument in "$@"; do [[ $argument == -* || $argument == *=* || $argument == install ]] || packages+=("$argument"); done
        if state locked; then
            echo 'E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 71 (unattended-upgr)'
            exit 100
        elif [[ $* == *update* ]]; then
            state offline || exit 0
            printf '%s\n' 'Err:1 archive bookworm InRelease' "  Temporary failure resolving 'archive'"
            exit 100
        fi
        [ "$(<"$STATE/uid")" = 0 ] || [[ $(<"$STATE/calls") == *"sudo"*"apt-get"* ]] || { echo "E: not root"; exit 100; }
        unknown=$(lacks "$STATE/archive")
        if [ -n "$unknown" ]; then
            printf 'E: Unable to locate package %s\n' $unknown
            exit 100
        elif [[ $* == *--assume-no* ]]; then
            for p in "${packages[@]}"; do
                version=9.9
                case $p in g++) version=$(cat "$STATE/archive_gxx" 2>/dev/null || echo 4:12.2.0-3) ;; cmake) version=3.25.1-1 ;; esac
                echo "   $p ($version)"
            done
            printf '%s\n' 'Need to get 108 MB of archives.' 'After this operation, 549 MB of additional disk space will be used.'
            printf 'Abort.\n'
            exit 1
        elif [[ $* == *--download-only* ]]; then
            if state offline && ! state downloaded; then echo 'E: Unable to fetch some archives'; exit 100; fi
            printf '%s\n' 'dlstatus:1:10.2:Retrieving' 'dlstatus:2:61.9:Retrieving'
            touch "$STATE/downloaded"
        elif state dpkg_fails; then
            echo 'dpkg: error processing package cmake (--configure): broken'
            exit 100
        else
            [ -e "$STATE/downloaded" ] || { echo 'E: nothing downloaded'; exit 100; }
            echo 'pmstatus:cmake:99.1:Configuring'
            printf '%s\n' "${packages[@]}" >>"$STATE/installed"
            for tool in g++ c++ cmake ctest ninja git; do ln -sf "$0" "${0%/*}/$tool"; done
        fi
        ;;
    g++ | c++ | clang++)
        ! state broken_compiler || { echo "$name: fatal error: cannot execute 'cc1plus': No such file"; exit 1; }
        if [[ $* == *-fsyntax-only* ]]; then
            ! state no_headers
        else
            cat "$STATE/compiler" 2>/dev/null || echo "12 __clang_major__"
        fi
        ;;
    cmake)
        if [ "$1" = -S ]; then
            build=$4
            mkdir -p "$build/CMakeFiles"
            if state cmake_fails; then
                printf 'CMAKE_GENERATOR:INTERNAL=Ninja\n' >"$build/CMakeCache.txt"
                printf 'CMake Error at CMakeLists.txt:3 (message):\n  shardtype: not found: Thrust\n  (libthrust-dev)\n\n-- Bye\n'
                exit 1
            fi
            printf '%s\n' "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" "CMAKE_CACHEFILE_DIR:INTERNAL=$build" \
                "CMAKE_GENERATOR:INTERNAL=Ninja" "CMAKE_CXX_COMPILER:FILEPATH=${0%/*}/c++" >"$build/CMakeCache.txt"
            touch "$build/build.ninja"
        else
            build=$2
            if state build_fails; then echo 'FAILED: main.cpp.o'; exit 1; fi
            if [ -e "$build/examples/train_llama" ]; then echo 'ninja: no work to do.'; exit; fi
            for i in {1..500}; do echo "[$i/500] Building CXX object $i.o"; done
            mkdir -p "$build/examples"
            printf '#!/bin/bash\necho "trains: $PWD $*"\nexit %d\n' "$(cat "$STATE/program_code" 2>/dev/null || echo 0)" \
                >"$build/examples/train_llama"
            chmod +x "$build/examples/train_llama"
        fi
        ;;
    ctest)
        mkdir -p "$2/Testing/Temporary"
        printf 'skipped: no nvcc\nother\nskipped: no nvcc\n' >"$2/Testing/Temporary/LastTest.log"
        echo '100% tests passed, 0 tests failed out of 3'
        exit "$(cat "$STATE/program_code" 2>/dev/null || echo 0)"
        ;;
esac
