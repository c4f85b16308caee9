package archtest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// machinePaths are the starts of paths that exist on one machine only. They are
// put together here so that this file does not hold them itself.
var machinePaths = []string{"/" + "work/", "/" + "home/", "/" + "Users/", rootHome, ".." + "/shared"}

const rootHome = "/" + "root/"

// captureNames are the endings of files with recorded traffic.
var captureNames = []string{".pcap", ".pcapng", ".cap"}

// captureStarts are the first bytes of pcap (both byte orders, micro- and
// nanoseconds) and pcapng files, whatever their name.
var captureStarts = [][]byte{
	{0xa1, 0xb2, 0xc3, 0xd4}, {0xd4, 0xc3, 0xb2, 0xa1}, {0xa1, 0xb2, 0x3c, 0x4d}, {0x4d, 0x3c, 0xb2, 0xa1}, {0x0a, 0x0d, 0x0d, 0x0a},
}

// checkContent looks into one committed file.
func checkContent(name string, content []byte) []finding {
	if slices.Contains(captureNames, path.Ext(name)) || slices.ContainsFunc(captureStarts, func(start []byte) bool { return bytes.HasPrefix(content, start) }) {
		return []finding{{name, "a capture is not to be committed", "recorded traffic names people; tests make theirs from records"}}
	}
	var found []finding
	for i, line := range bytes.Split(content, []byte("\n")) {
		for _, start := range machinePaths {
			if path.Base(name) == "Dockerfile" && start == rootHome {
				continue // the image's own, the same everywhere
			}
			if bytes.Contains(line, []byte(start)) {
				found = append(found, finding{fmt.Sprintf("%s:%d", name, i+1), "the line holds a path of one machine (" + start + ")",
					"a clone elsewhere does not have it"})
			}
		}
	}
	return found
}

// TestCommittedFiles looks into every file that git has or would take.
func TestCommittedFiles(t *testing.T) {
	root := loadRepository(t).root
	list := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = root
	names, err := list.Output()
	if err != nil {
		t.Skip("not a git checkout: what is committed is not known")
	}
	for _, name := range strings.Split(strings.TrimRight(string(names), "\x00"), "\x00") {
		content, err := os.ReadFile(filepath.Join(root, name))
		if os.IsNotExist(err) {
			continue // deleted, not yet committed
		}
		if err != nil {
			t.Error(err)
		}
		for _, f := range checkContent(name, content) {
			t.Error(f)
		}
	}
}

func TestContentRulesBite(t *testing.T) {
	cases := []struct {
		name, content string
		want          []string
	}{
		{"a.go", "package a\n// see " + machinePaths[0] + "main\n", []string{"a.go:2: the line holds a path"}},
		{"a.md", "[x](" + machinePaths[4] + "/x.md)", []string{"a.md:1: the line holds a path"}},
		{"a.md", "the network and the homework", nil},
		{"x.pcap", "", []string{"x.pcap: a capture"}},
		{"testdata/x", "\xd4\xc3\xb2\xa1\x02", []string{"testdata/x: a capture"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { expect(t, checkContent(c.name, []byte(c.content)), c.want...) })
	}
}
