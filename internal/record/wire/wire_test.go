package wire

import (
	"encoding/hex"
	"math"
	"net/netip"
	"testing"

	"pgregory.net/rapid"
)

// TestLongVectors quotes Avro 1.12 "Binary Encoding", the table of zig-zag
// coded values: 0 is 00, -1 is 01, 1 is 02, -2 is 03, 2 is 04, -64 is 7f, 64 is
// 80 01.
func TestLongVectors(t *testing.T) {
	for n, want := range map[int64]string{
		0: "00", -1: "01", 1: "02", -2: "03", 2: "04", -64: "7f", 64: "8001",
		math.MaxInt64: "feffffffffffffffff01", math.MinInt64: "ffffffffffffffffff01",
	} {
		b := AppendLong(nil, n)
		r := NewReader(b)
		if got := hex.EncodeToString(b); got != want || r.Long() != n || !r.Done() {
			t.Errorf("%d: got %s, want %s", n, got, want)
		}
	}
}

func TestNumberEdges(t *testing.T) {
	for _, test := range []struct {
		in        string
		int, long bool // accepted as
	}{
		{"", false, false},
		{"80", false, false},          // cut short
		{"8000", true, true},          // longer than it need be
		{"8080808000", true, true},    // as long as an int may be
		{"808080808000", false, true}, // longer
		{"ffffffff0f", true, true},    // least int
		{"ffffffff1f", false, true},   // one bit more than an int has
		{"80808080808080808000", false, true},
		{"80808080808080808002", false, false}, // one bit more than a long has
		{"8080808080808080808000", false, false},
	} {
		in, err := hex.DecodeString(test.in)
		if err != nil {
			t.Fatal(err)
		}
		r := NewReader(in)
		r.Int()
		if got := r.Done(); got != test.int {
			t.Errorf("int %s: accepted %v, want %v", test.in, got, test.int)
		}
		r = NewReader(in)
		r.Long()
		if got := r.Done(); got != test.long {
			t.Errorf("long %s: accepted %v, want %v", test.in, got, test.long)
		}
	}
}

func TestNumbersComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, m := rapid.Int32().Draw(t, "int"), rapid.Int64().Draw(t, "long")
		r := NewReader(AppendLong(AppendInt(nil, n), m))
		if gotN, gotM := r.Int(), r.Long(); gotN != n || gotM != m || !r.Done() {
			t.Fatalf("got %d, %d, want %d, %d", gotN, gotM, n, m)
		}
	})
}

func TestReaderStaysFailed(t *testing.T) {
	r := NewReader([]byte{0x01, 0x02, 0x04}) // a string of length -1
	if got := r.String(); got != "" || !r.Failed() {
		t.Errorf("string of length -1: got %q, failed %v", got, r.Failed())
	}
	if r.Int() != 0 || r.Bool() || r.OptString() != "" || r.OptAddr().IsValid() || r.Done() {
		t.Error("after a fault: got a value, want zeros and not Done")
	}
}

func TestLengthsBeyondTheInput(t *testing.T) {
	for _, in := range [][]byte{
		AppendLong(nil, 1), AppendLong(nil, math.MaxInt64), AppendLong(nil, math.MinInt64), {0xff},
	} {
		r := NewReader(in)
		if got := r.Bytes(); len(got) > 0 || !r.Failed() {
			t.Errorf("bytes %x: got %x, failed %v", in, got, r.Failed())
		}
	}
	r := NewReader(make([]byte, 7))
	if r.Fixed(make([]byte, 8)); !r.Failed() {
		t.Error("8 of 7 bytes: not failed")
	}
}

func TestAddrLengths(t *testing.T) {
	for length := range 20 {
		r := NewReader(append(AppendLong(nil, int64(length)), make([]byte, length)...))
		addr := r.Addr()
		valid := length == 4 || length == 16
		if addr.IsValid() != valid || r.Done() != (valid || length == 0) {
			t.Errorf("address of %d bytes: got %v, done %v", length, addr, r.Done())
		}
	}
	mapped := netip.MustParseAddr("::ffff:10.0.0.1")
	r := NewReader(AppendAddr(nil, mapped))
	if got := r.Addr(); got != mapped {
		t.Errorf("mapped address: got %v, want %v", got, mapped)
	}
}

// TestEnumRule: value = (index + 1) mod count.
func TestEnumRule(t *testing.T) {
	const count = 4
	for index, want := range []uint8{1, 2, 3, 0} {
		r := NewReader(AppendInt(nil, int32(index)))
		if got := r.Enum(count); got != want || !r.Done() {
			t.Errorf("index %d: got %d, want %d", index, got, want)
		}
		r = NewReader(AppendEnum(nil, want, count))
		if got := r.Int(); got != int32(index) {
			t.Errorf("value %d: got index %d, want %d", want, got, index)
		}
	}
	for _, index := range []int32{-1, count, math.MaxInt32} {
		r := NewReader(AppendInt(nil, index))
		if r.Enum(count); !r.Failed() {
			t.Errorf("index %d: not failed", index)
		}
	}
	r := NewReader(AppendEnum(nil, 200, count))
	if got := r.Enum(count); got != 0 || r.Failed() {
		t.Errorf("value 200: got %d, want UNKNOWN", got)
	}
}
