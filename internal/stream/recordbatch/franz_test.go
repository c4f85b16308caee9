package recordbatch

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
	"pgregory.net/rapid"
)

// The tests of this file hold the codec against franz-go, both ways.

const topic = "batches"

// broker starts an in-process broker with the topic and returns a client for it.
func broker(t *testing.T, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, topic))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	v := kversion.Stable()
	v.SetMaxKeyVersion(0, 8)  // Produce and
	v.SetMaxKeyVersion(1, 11) // Fetch as kafka-go speaks them: topics by name
	cl, err := kgo.NewClient(append(opts, kgo.SeedBrokers(c.ListenAddrs()...), kgo.MaxVersions(v), kgo.DefaultProduceTopic(topic))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return cl
}

func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// fetchRaw fetches the partition's record set from an offset on.
func fetchRaw(t *testing.T, cl *kgo.Client, from int64, isolation int8) kmsg.FetchResponseTopicPartition {
	t.Helper()
	req := kmsg.NewPtrFetchRequest()
	req.MaxBytes, req.IsolationLevel = 64<<20, isolation
	p := kmsg.NewFetchRequestTopicPartition()
	p.FetchOffset, p.PartitionMaxBytes = from, 64<<20
	ft := kmsg.NewFetchRequestTopic()
	ft.Topic, ft.Partitions = topic, []kmsg.FetchRequestTopicPartition{p}
	req.Topics = []kmsg.FetchRequestTopic{ft}
	resp, err := cl.SeedBrokers()[0].Request(testContext(t), req)
	if err != nil {
		t.Fatal(err)
	}
	got := resp.(*kmsg.FetchResponse).Topics[0].Partitions[0]
	if got.ErrorCode != 0 {
		t.Fatalf("fetch: error code %d", got.ErrorCode)
	}
	return got
}

// options returns what a consumer makes of a fetch response.
func options(p kmsg.FetchResponseTopicPartition, from int64, committed bool) Options {
	o := Options{FetchOffset: from, ReadCommitted: committed}
	for _, a := range p.AbortedTransactions {
		o.Aborted = append(o.Aborted, AbortedTxn{ProducerID: a.ProducerID, FirstOffset: a.FirstOffset})
	}
	return o
}

// franzRecord returns a record with all there is to get wrong.
func franzRecord(i int) *kgo.Record {
	r := &kgo.Record{Key: fmt.Appendf(nil, "key %d", i), Value: slices.Repeat([]byte{'v', byte(i)}, 50), Timestamp: time.UnixMilli(int64(1000 + i))}
	switch i % 5 {
	case 1:
		r.Key = nil
	case 2:
		r.Value = nil
	case 3:
		r.Key, r.Value = []byte{}, []byte{}
	case 4:
		r.Headers = []kgo.RecordHeader{{Key: "h", Value: []byte("x")}, {Key: "", Value: []byte{}}, {Key: "h"}}
	}
	return r
}

// seen returns what our reader should see of a record of franz-go.
func seen(r *kgo.Record) got {
	g := got{offset: r.Offset, time: r.Timestamp.UnixMilli(), key: r.Key, value: r.Value}
	for _, h := range r.Headers {
		g.headers = append(g.headers, Header{Key: h.Key, Value: h.Value})
	}
	return g
}

func TestReadsFranz(t *testing.T) {
	codecs := map[Codec]kgo.CompressionCodec{None: kgo.NoCompression(), Gzip: kgo.GzipCompression(),
		Snappy: kgo.SnappyCompression(), LZ4: kgo.Lz4Compression(), Zstd: kgo.ZstdCompression()}
	for c, codec := range codecs {
		t.Run(c.String(), func(t *testing.T) {
			cl := broker(t, kgo.ProducerBatchCompression(codec))
			var want []got
			for i := range 300 {
				r := franzRecord(i)
				if err := cl.ProduceSync(testContext(t), r).FirstErr(); err != nil {
					t.Fatal(err)
				}
				want = append(want, seen(r))
			}
			p := fetchRaw(t, cl, 0, 0)
			read, next, err := readAll(new(Decoder), p.RecordBatches, options(p, 0, false))
			if err != nil || next != 300 || !slices.EqualFunc(read, want, got.equal) {
				t.Fatalf("%d records, next %d, err %v; want %d records", len(read), next, err, len(want))
			}
		})
	}
}

func TestReadsFranzBatchCodec(t *testing.T) {
	cl := broker(t, kgo.ProducerBatchCompression(kgo.SnappyCompression()), kgo.ProducerLinger(time.Second))
	rs := make([]*kgo.Record, 2000)
	for i := range rs {
		rs[i] = franzRecord(i)
	}
	if err := cl.ProduceSync(testContext(t), rs...).FirstErr(); err != nil {
		t.Fatal(err)
	}
	p := fetchRaw(t, cl, 0, 0)
	compressed := false
	_, err := new(Decoder).Decode(p.RecordBatches, Options{}, func(b *Batch) error {
		compressed = compressed || b.Codec == Snappy && b.Producer.ID >= 0 && b.BaseSequence >= 0
		return nil
	})
	if err != nil || !compressed {
		t.Errorf("err %v, a batch in snappy of an idempotent producer: %v", err, compressed)
	}
}

// TestReadsTransactions: committed and aborted transactions of franz-go, as a
// broker serves them.
func TestReadsTransactions(t *testing.T) {
	cl := broker(t, kgo.TransactionalID("t"))
	var want []int64
	for i, commit := range []kgo.TransactionEndTry{kgo.TryCommit, kgo.TryAbort, kgo.TryAbort, kgo.TryCommit} {
		if err := cl.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			r := franzRecord(i)
			if err := cl.ProduceSync(testContext(t), r).FirstErr(); err != nil {
				t.Fatal(err)
			}
			if commit == kgo.TryCommit {
				want = append(want, r.Offset)
			}
		}
		if err := cl.EndTransaction(testContext(t), commit); err != nil {
			t.Fatal(err)
		}
	}
	for from := range int64(16) { // 4 transactions of 3 records and a marker
		p := fetchRaw(t, cl, from, 1)
		read, next, err := readAll(new(Decoder), p.RecordBatches, options(p, from, true))
		left := slices.DeleteFunc(slices.Clone(want), func(o int64) bool { return o < from })
		if err != nil || next != 16 || !slices.Equal(offsets(read), left) {
			t.Errorf("from %d: offsets %v, next %d, err %v; want %v, 16", from, offsets(read), next, err, left)
		}
	}
}

// TestFranzReads: a broker stores our batches, drops a repeated one, and kgo
// reads what we wrote.
func TestFranzReads(t *testing.T) {
	cl := broker(t, kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	id := kmsg.NewPtrInitProducerIDRequest()
	id.ProducerID, id.ProducerEpoch = -1, -1
	resp, err := id.RequestWith(testContext(t), cl)
	if err != nil || resp.ErrorCode != 0 {
		t.Fatalf("InitProducerID: %v, %+v", err, resp)
	}
	var e Encoder
	var want []got
	s := Settings{Producer: Producer{ID: resp.ProducerID, Epoch: resp.ProducerEpoch}, BaseTimestamp: 5000}
	for i, c := range []Codec{None, LZ4, None, LZ4} {
		s.Codec = c
		e.Reset(s)
		for j := range 100 * (i + 1) {
			r := franzRecord(j)
			g := seen(r)
			e.Append(g.key, g.value, g.headers)
			g.offset, g.time = int64(len(want)), 5000
			want = append(want, g)
		}
		produceTwice(t, cl, &e, int64(len(want)-e.Len()))
		s.BaseSequence = NextSequence(s.BaseSequence, e.Len())
	}
	var read []got
	for len(read) < len(want) {
		f := cl.PollFetches(testContext(t))
		if err := f.Err(); err != nil {
			t.Fatal(err)
		}
		f.EachRecord(func(r *kgo.Record) { read = append(read, seen(r)) })
	}
	if !slices.EqualFunc(read, want, got.equal) {
		t.Errorf("kgo read %d records: %v; want %v", len(read), read, want)
	}
}

// produceTwice sends the batch of e two times and expects one base offset.
func produceTwice(t *testing.T, cl *kgo.Client, e *Encoder, base int64) {
	t.Helper()
	raw, err := e.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		req := kmsg.NewPtrProduceRequest()
		req.Acks, req.TimeoutMillis = -1, 10_000
		p := kmsg.NewProduceRequestTopicPartition()
		p.Records = raw
		pt := kmsg.NewProduceRequestTopic()
		pt.Topic, pt.Partitions = topic, []kmsg.ProduceRequestTopicPartition{p}
		req.Topics = []kmsg.ProduceRequestTopic{pt}
		resp, err := cl.SeedBrokers()[0].Request(testContext(t), req)
		if err != nil {
			t.Fatal(err)
		}
		got := resp.(*kmsg.ProduceResponse).Topics[0].Partitions[0]
		if got.ErrorCode != 0 || got.BaseOffset != base {
			t.Fatalf("produce: error code %d, base offset %d; want 0, %d", got.ErrorCode, got.BaseOffset, base)
		}
	}
}

// franzReads reads a record set with franz-go's own parser.
func franzReads(set []byte, o Options) ([]got, int64, error) {
	rp := kmsg.NewFetchResponseTopicPartition()
	rp.RecordBatches = set
	for _, a := range o.Aborted {
		rp.AbortedTransactions = append(rp.AbortedTransactions, kmsg.FetchResponseTopicPartitionAbortedTransaction{ProducerID: a.ProducerID, FirstOffset: a.FirstOffset})
	}
	po := kgo.ProcessFetchPartitionOpts{Offset: o.FetchOffset, Topic: topic}
	if o.ReadCommitted {
		po.IsolationLevel = kgo.ReadCommitted()
	}
	fp, next := kgo.ProcessFetchPartition(po, &rp, kgo.DefaultDecompressor(), nil)
	var rs []got
	for _, r := range fp.Records {
		rs = append(rs, seen(r))
	}
	return rs, next, fp.Err
}

// brokerLog is a partition as a broker holds it.
type brokerLog struct {
	batches []craft
	aborted []abortedRange
}

// abortedRange is an aborted transaction with the offset of its marker.
type abortedRange struct {
	AbortedTxn
	marker int64
}

// serve answers a fetch as a broker does: from the batch that holds the offset
// on, with the aborted transactions that overlap (Kafka's TransactionIndex:
// "abortedTxn.lastOffset() >= fetchOffset"). A transaction that ended before the
// offset is not listed: its producer's next one would be taken for it.
func (l brokerLog) serve(from int64) (set []byte, aborted []AbortedTxn) {
	for _, c := range l.batches {
		if c.base+int64(c.last) >= from {
			set = append(set, c.bytes()...)
		}
	}
	for _, a := range l.aborted {
		if a.marker >= from {
			aborted = append(aborted, a.AbortedTxn)
		}
	}
	return set, aborted
}

// genLog draws a partition of which every transaction is decided: a reader of
// committed records is served up to the last stable offset only.
func genLog(t *rapid.T, tb testing.TB) brokerLog {
	var l brokerLog
	open := map[int64]int64{} // producer to first offset of its transaction
	offset := rapid.Int64Range(0, 1000).Draw(t, "start")
	end := func(pid int64) {
		typ := byte(rapid.SampledFrom([]int{typAbort, typCommit}).Draw(t, "outcome"))
		if typ == typAbort {
			l.aborted = append(l.aborted, abortedRange{AbortedTxn{pid, open[pid]}, offset})
		}
		delete(open, pid)
		l.batches = append(l.batches, marker(offset, pid, typ))
		offset++
	}
	for range rapid.IntRange(0, 12).Draw(t, "batches") {
		pid := rapid.Int64Range(1, 3).Draw(t, "producer")
		_, inside := open[pid]
		if inside && rapid.Bool().Draw(t, "end") {
			end(pid)
			continue
		}
		c := genBatch(t, tb, offset)
		if rapid.Bool().Draw(t, "transactional") || inside {
			c.pid, c.attrs = pid, c.attrs|transactionalBit
			if !inside {
				open[pid] = offset
			}
		}
		l.batches = append(l.batches, c)
		offset += int64(c.last) + 1 + rapid.Int64Range(0, 3).Draw(t, "gap")
	}
	for pid := int64(1); pid <= 3; pid++ {
		if _, inside := open[pid]; inside {
			end(pid)
		}
	}
	return l
}

// genBatch draws a batch in any codec, compacted or not.
func genBatch(t *rapid.T, tb testing.TB, base int64) craft {
	codec := rapid.SampledFrom(readCodecs).Draw(t, "codec")
	c := craft{base: base, last: rapid.Int32Range(0, 9).Draw(t, "last"), pid: -1, maxTime: 1234, attrs: uint16(codec)}
	if rapid.Bool().Draw(t, "log append") {
		c.attrs |= logAppendBit
	}
	var plain []byte
	for d := range int64(c.last) + 1 {
		if rapid.IntRange(0, 3).Draw(t, "compacted") > 0 {
			plain = append(plain, rec(d, genBytes.Draw(t, "key"), genBytes.Draw(t, "value"))...)
			c.count++
		}
	}
	if c.count == 0 {
		c.attrs &^= codecBits // as the log cleaner writes it
		return c
	}
	c.payload = compressTest(tb, codec, rapid.IntRange(0, 11).Draw(t, "variant"), plain)
	return c
}

// TestAgreesWithFranz: on any answer of a faithful broker, cut anywhere, both
// readers deliver the same records and go on at the same offset.
func TestAgreesWithFranz(t *testing.T) {
	var d Decoder
	rapid.Check(t, func(rt *rapid.T) {
		log := genLog(rt, t)
		o := Options{ReadCommitted: rapid.Bool().Draw(rt, "committed")}
		if len(log.batches) > 0 {
			o.FetchOffset = log.batches[0].base + rapid.Int64Range(0, 60).Draw(rt, "from")
		}
		set, aborted := log.serve(o.FetchOffset)
		o.Aborted = aborted
		set = set[:len(set)-rapid.IntRange(0, len(set)).Draw(rt, "cut")]
		want, wantNext, wantErr := franzReads(set, o)
		read, next, err := readAll(&d, set, o)
		if err != nil || wantErr != nil || next != wantNext || !slices.EqualFunc(read, want, got.equal) {
			rt.Fatalf("from %d, aborted %v: %v, next %d, err %v\nfranz-go: %v, next %d, err %v", o.FetchOffset, aborted, read, next, err, want, wantNext, wantErr)
		}
	})
}
