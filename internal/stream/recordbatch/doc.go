// Package recordbatch encodes and decodes Kafka record batches of format v2
// (magic 2), the unit in which Kafka stores, checks and transmits records.
// It stands in for the codec of the Kafka client, which can neither write a
// producer's id, epoch and sequence nor check a batch's CRC, and which cannot
// get past an empty batch.
//
// An [Encoder] turns records into one batch for a produce request. A [Decoder]
// walks the record set of a fetch response: several batches one after another,
// of which the last may be cut short.
//
// What it promises:
//
//   - Order and position. Batches and records come in increasing offset order,
//     none below the offset fetched from. The next offset to fetch is taken
//     from the header of the last batch (base offset + last offset delta + 1),
//     never from the last record: compaction leaves batches with fewer records
//     than offsets, also with none, and every transaction leaves a control
//     batch.
//   - Integrity. No field under the CRC-32C is used before the sum was checked,
//     and every length and count is checked against the bytes at hand.
//   - Isolation. Control batches are read and not delivered. Under
//     read_committed the batches of aborted transactions are not delivered.
//   - Bounds. Memory follows the bytes at hand and [Options.MaxDecompressed],
//     whatever sizes and counts the input declares.
//   - No panic, on any input.
//
// What it does not: it copies nothing (keys and values are parts of the record
// set or of the decoder's buffer), starts no goroutine, retries nothing, does
// not read the formats before v2 (no broker since 4.0 serves them), and does
// not know schemas. An Encoder or Decoder belongs to one goroutine at a time.
//
// Format: Kafka documentation, "Implementation: Message Format", section
// "Record Batch"; KIP-98 (transactions), KIP-110 (zstd), KIP-534 (bit 6 of the
// attributes).
package recordbatch
