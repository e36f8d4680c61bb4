# Leaves llama.cpp's helpers of its command-line tools out of the build: the Python package never loads them, and they
# are more than half of what is compiled. CMake reads this file at every project() of the build (CMAKE_PROJECT_INCLUDE);
# llama-cpp-python sets the cache entry of the same name by force, which a variable precedes.
set(LLAMA_BUILD_COMMON OFF)
