// Package capture turns recorded traffic into telemetry: pcap and pcapng
// files, Zeek connection logs, Avro container files and JSON lines become
// raw.Telemetry records, as cordonctl replay and backtest need them.
//
// What it promises: the same files give the same records in the same order.
// Records made from packets and from Zeek logs come in order of OccurredAt;
// Avro and JSON-line files keep the order of the file, for a shuffled file may
// be shuffled on purpose; several inputs are merged by the time of the next
// record of each. Every byte of every packet that belongs to a terminal is in
// exactly one record of that terminal. Memory is bounded whatever the input
// claims: lengths are checked before they are believed, the flow table has a
// fixed size, compressed files are unpacked as they are read. Hostile, cut and
// broken files give a Problem with position and cause, never a panic, and what
// could be read before is used.
//
// What it does not: it does not put TCP segments together (names are read from
// single segments), does not know that two captures show the same packet, does
// not open tunnels inside tunnels, and does not decide whether a record is
// valid; the collector does. A Source belongs to one goroutine; only Progress
// may be called from another.
package capture
