// nvcc finds the plans that the other compilers find, at its default limits.
#include "../support/golden_plans.hpp"
