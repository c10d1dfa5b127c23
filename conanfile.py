"""Conan 2 recipe of a header library.

CMake consumers load the package's own shardtypeConfig.cmake, so the targets shardtype::shardtype and shardtype::runtime
are the ones of a plain installation. Other generators get the same two as components.
"""

import os
import re

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load

required_conan_version = ">=2.0"


class ShardtypeRecipe(ConanFile):
    name = "shardtype"
    description = "Sharded tensors as types: device meshes, placements and a trainer on thread ranks"
    license = "MIT"
    topics = ("tensor", "sharding", "distributed", "machine-learning", "header-only")
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"with_runtime": [True, False], "with_cuda": [True, False]}
    # with_runtime: shardtype::runtime, which takes oneDNN 2, Thrust, xsimd and Random123 from the system, as a plain
    # CMake build does: the registry has no Random123, and its other packages have not been tried.
    # with_cuda: shardtype::cuda and shardtype::nccl, which take the toolkit, cuDNN and NCCL from the system as well.
    default_options = {"with_runtime": False, "with_cuda": False}
    exports_sources = "CMakeLists.txt", "LICENSE", "cmake/*", "include/*"
    no_copy_source = True

    def set_version(self):
        text = load(self, os.path.join(self.recipe_folder, "CMakeLists.txt"))
        self.version = re.search(r"project\(shardtype VERSION ([0-9.]+)", text).group(1)

    def layout(self):
        cmake_layout(self)

    def requirements(self):
        self.requires("boost/[>=1.74]", options={"header_only": True}, transitive_headers=True)

    def validate(self):
        check_min_cppstd(self, 20)
        if self.options.with_cuda and not self.options.with_runtime:
            raise ConanInvalidConfiguration("shardtype: with_cuda needs with_runtime")
        if self.options.with_runtime and self.settings.os != "Linux":
            raise ConanInvalidConfiguration("shardtype: with_runtime needs Linux")

    def package_id(self):
        self.info.settings.clear()  # headers; the options stay, they decide what is linked

    def generate(self):
        CMakeDeps(self).generate()
        toolchain = CMakeToolchain(self)
        toolchain.user_presets_path = False
        for part in ("EXAMPLES", "TESTS", "BENCH"):
            toolchain.cache_variables[f"SHARDTYPE_BUILD_{part}"] = False
        toolchain.generate()

    def package(self):
        cmake = CMake(self)
        cmake.configure()  # here and not in build(): nothing is built, and export-pkg does not call build()
        cmake.install()
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "shardtype")
        self.cpp_info.set_property("cmake_find_mode", "none")  # the installed package file is the one

        types = self.cpp_info.components["shardtype"]
        types.set_property("cmake_target_name", "shardtype::shardtype")
        types.requires = ["boost::headers"]
        types.builddirs = [os.path.join("share", "cmake", "shardtype")]
        types.bindirs = types.libdirs = []
        if self.options.with_runtime:
            runtime = self.cpp_info.components["runtime"]
            runtime.set_property("cmake_target_name", "shardtype::runtime")
            runtime.requires = ["shardtype"]
            runtime.bindirs = runtime.libdirs = []
            runtime.system_libs = ["dnnl", "gomp", "pthread"]
            runtime.defines = [f"THRUST_{side}_SYSTEM=THRUST_{side}_SYSTEM_CPP" for side in ("HOST", "DEVICE")]
        if self.options.with_cuda:  # without cuDNN: only CMake's own package file looks for it
            for name, needs, libraries in (("cuda", "runtime", ["cudart", "cublasLt"]), ("nccl", "cuda", ["nccl"])):
                part = self.cpp_info.components[name]
                part.set_property("cmake_target_name", f"shardtype::{name}")
                part.requires = [needs]
                part.bindirs = part.libdirs = []
                part.system_libs = libraries
