// What a user of shardtype::runtime writes: a job that must link, run and learn.
#include "job.hpp"

int main() { st::run<job>(train); }
