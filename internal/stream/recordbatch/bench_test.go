package recordbatch

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// sample returns n values of 200 bytes that lz4 compresses about 2 to 1, as
// binary telemetry does, and as many keys of 16.
func sample(n int) (keys, values [][]byte) {
	r := rand.New(rand.NewPCG(1, 2))
	fixed := make([]byte, 200)
	for i := range fixed {
		fixed[i] = byte(r.Uint32())
	}
	for range n {
		k, v := make([]byte, 16), bytes.Clone(fixed)
		for i := range k {
			k[i] = byte(r.Uint32())
		}
		for i := 40; i < 120; i++ {
			v[i] = byte(r.Uint32())
		}
		keys, values = append(keys, k), append(values, v)
	}
	return keys, values
}

// batchOf is how many records the batches of the benchmarks hold.
const batchOf = 4000

func fill(e *Encoder, c Codec, keys, values [][]byte) ([]byte, error) {
	e.Reset(Settings{Producer: Producer{ID: 1}, Codec: c, BaseTimestamp: 1})
	for i := range keys {
		e.Append(keys[i], values[i], nil)
	}
	return e.Bytes()
}

// drain decodes set and adds up the bytes, so that nothing is optimised away.
func drain(d *Decoder, set []byte) (n int, err error) {
	_, err = d.Decode(set, Options{}, func(b *Batch) error {
		var r Record
		for b.Next(&r) {
			n += len(r.Key) + len(r.Value)
		}
		return nil
	})
	return n, err
}

// perRecord reports times per record.
func perRecord(b *testing.B) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/batchOf, "ns/record")
}

func BenchmarkEncode(b *testing.B) {
	keys, values := sample(batchOf)
	for _, c := range []Codec{None, LZ4} {
		b.Run(c.String(), func(b *testing.B) {
			var e Encoder
			b.ReportAllocs()
			for b.Loop() {
				if _, err := fill(&e, c, keys, values); err != nil {
					b.Fatal(err)
				}
			}
			perRecord(b)
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	keys, values := sample(batchOf)
	for _, c := range readCodecs {
		b.Run(c.String(), func(b *testing.B) {
			set := recode(b, c, keys, values)
			var d Decoder
			b.ReportAllocs()
			for b.Loop() {
				if _, err := drain(&d, set); err != nil {
					b.Fatal(err)
				}
			}
			perRecord(b)
		})
	}
}

// recode encodes with any codec.
func recode(t testing.TB, c Codec, keys, values [][]byte) []byte {
	var e Encoder
	plain, err := fill(&e, None, keys, values)
	if err != nil {
		t.Fatal(err)
	}
	return craft{last: int32(len(keys) - 1), count: int32(len(keys)), attrs: uint16(c),
		payload: compressTest(t, c, 0, plain[headerLen:])}.bytes()
}

// TestNoAllocs: after the first batch, neither side allocates; the codecs that
// are only read may, per batch.
func TestNoAllocs(t *testing.T) {
	keys, values := sample(1000)
	var e Encoder
	for _, c := range []Codec{None, LZ4} {
		check(t, fmt.Sprint("encode ", c), 0, func() error {
			_, err := fill(&e, c, keys, values)
			return err
		})
	}
	var d Decoder
	for c, most := range map[Codec]float64{None: 0, LZ4: 0, Snappy: 0, Zstd: 4, Gzip: 4} {
		set := recode(t, c, keys, values)
		check(t, fmt.Sprint("decode ", c), most, func() error {
			_, err := drain(&d, set)
			return err
		})
	}
	headers := []Header{{"source", []byte("collector")}, {"schema", nil}}
	check(t, "headers", 0, func() error {
		e.Reset(Settings{Producer: NoProducer})
		for i := range keys {
			e.Append(keys[i], values[i], headers)
		}
		set, err := e.Bytes()
		if err == nil {
			_, err = drain(&d, set)
		}
		return err
	})
}

func check(t *testing.T, name string, most float64, f func() error) {
	t.Helper()
	if err := f(); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if n := testing.AllocsPerRun(20, func() { _ = f() }); n > most {
		t.Errorf("%s: %v allocations per batch of 1000 records, want at most %v", name, n, most)
	}
}
