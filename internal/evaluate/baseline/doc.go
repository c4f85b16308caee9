// Package baseline holds three plain detectors that ours has to be better than,
// over the same telemetry: static thresholds, a boxplot of one feature and an
// EWMA z-score. Sixty per cent of papers compare with none (Arp et al., USENIX
// Security 2022), though one feature and two fences have beaten a published
// ensemble on its own data.
//
// What it promises: the same records in the same order give the same alarms.
// Numbers are those of their sources, not tuned: not against them either. A
// detector says that something is wrong with a terminal, and when; it names no
// class and no exception. A terminal has at most one alarm in ten minutes, or
// one flood would count as hundreds.
//
// What it does not: these detectors decide nothing in the product. They hold
// back no late record and correct no sampling, and they take more memory than a
// product could.
package baseline
