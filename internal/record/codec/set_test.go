package codec_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"cordon/internal/record/codec"
)

// setting is a struct of one's own for the schema Setting.
type setting struct {
	Name, Version string
	Content       []byte
}

func TestStructThatDoesNotFit(t *testing.T) {
	for _, test := range []struct {
		name   string
		sample any
		want   string // named in the error
	}{
		{"field missing", struct{ Name, Version string }{}, "content"},
		{"field of another type", struct {
			Name    int64
			Version string
			Content []byte
		}{}, "name"},
		{"no schema", struct{}{}, "Nothing"},
	} {
		name := "Setting"
		if test.want == "Nothing" {
			name = test.want
		}
		set := codec.NewSet(map[string]any{name: test.sample})
		_, err := set.Append(nil, set.New(name))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want an error that names %q", test.name, err, test.want)
		}
	}
}

func TestUnboundFields(t *testing.T) {
	type wider struct {
		setting
		Name, Version string
		Content       []byte
		Colour        string
	}
	set := codec.NewSet(map[string]any{"Setting": wider{}})
	got, err := set.Unbound(&wider{})
	if err != nil || len(got) != 1 || got[0] != "wider.colour" {
		t.Errorf("got %v, err %v, want [wider.colour]", got, err)
	}
}

func TestKeyErrorText(t *testing.T) {
	set := codec.NewSet(map[string]any{"Setting": setting{}})
	for line, want := range map[string]string{
		`{"colour":"red"}`: `json: key "colour": unknown key`,
		`{"content":"0"}`:  `json: key "content": value of the wrong type or out of bounds`,
		`{`:                `json: not a JSON object`,
	} {
		err := set.ParseJSON([]byte(line), &setting{})
		if err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", line, err, want)
		}
	}
}

func TestNewOfAnUnknownName(t *testing.T) {
	set := codec.NewSet(map[string]any{"Setting": setting{}})
	if got := set.New("Verdict"); got != nil {
		t.Errorf("got %T, want nothing", got)
	}
	if _, err := set.Unbound(setting{}); !errors.Is(err, codec.ErrUnsupported) {
		t.Errorf("a value, no pointer: got %v, want ErrUnsupported", err)
	}
}

func ExampleSet() {
	set := codec.NewSet(map[string]any{"Setting": setting{}})
	b, err := set.Append(nil, &setting{Name: "allow", Content: []byte{0xca, 0xfe}})
	fmt.Println(len(b), err)

	var got setting
	const header = 10
	fmt.Println(set.Decode(b[header:], &got), got.Name)

	line, _ := set.AppendJSON(nil, &got)
	fmt.Println(string(line))
	// Output:
	// 20 <nil>
	// <nil> allow
	// {"name":"allow","version":"","content":"cafe"}
}
