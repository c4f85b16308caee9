package main

import (
	"strings"
	"testing"
	"time"
)

func TestReport(t *testing.T) {
	cases := []struct {
		name   string
		input  string
		want   string
		passes bool
	}{
		{"passed and skipped", `
{"Action":"run","Package":"m/a","Test":"TestOne"}
{"Action":"output","Package":"m/a","Test":"TestOne","Output":"=== RUN   TestOne\n"}
{"Action":"pass","Package":"m/a","Test":"TestOne"}
{"Action":"output","Package":"m/a","Test":"TestTwo","Output":"=== RUN   TestTwo\n"}
{"Action":"output","Package":"m/a","Test":"TestTwo","Output":"    a_test.go:7: skipped: no captures\n"}
{"Action":"output","Package":"m/a","Test":"TestTwo","Output":"--- SKIP: TestTwo (0.00s)\n"}
{"Action":"skip","Package":"m/a","Test":"TestTwo"}
{"Action":"pass","Package":"m/a","Elapsed":1.25}
{"Action":"skip","Package":"m/b","Elapsed":0}
broker: embedded
`, `ok    m/a 1.2s, 2 tests, 1 skipped
-     m/b: no tests
broker: embedded

skipped: 1 × no captures
time: 3s, 2 packages
1 passed, 0 failed, 1 skipped
`, true},
		{"a failed subtest beside a passed one", `
{"Action":"output","Package":"m/a","Test":"TestOne","Output":"=== RUN   TestOne\n"}
{"Action":"output","Package":"m/a","Test":"TestOne/good","Output":"all is well\n"}
{"Action":"pass","Package":"m/a","Test":"TestOne/good"}
{"Action":"output","Package":"m/a","Test":"TestOne/bad","Output":"    a_test.go:9: got 1, want 2\n"}
{"Action":"fail","Package":"m/a","Test":"TestOne/bad"}
{"Action":"output","Package":"m/a","Test":"TestOne","Output":"--- FAIL: TestOne (0.00s)\n"}
{"Action":"fail","Package":"m/a","Test":"TestOne"}
{"Action":"output","Package":"m/a","Output":"FAIL\n"}
{"Action":"fail","Package":"m/a","Elapsed":0.5}
`, `FAIL  m/a 0.5s
      --- FAIL: TestOne (0.00s)
          a_test.go:9: got 1, want 2
      FAIL

failed: m/a TestOne
failed: m/a TestOne/bad
time: 3s, 1 packages
1 passed, 2 failed, 0 skipped
`, false},
		{"a test that panics has no end", `
{"Action":"output","Package":"m/a","Test":"TestOne","Output":"panic: bad\n"}
{"Action":"fail","Package":"m/a","Elapsed":0.5}
`, `FAIL  m/a 0.5s
      panic: bad

failed: m/a TestOne
time: 3s, 1 packages
0 passed, 1 failed, 0 skipped
`, false},
		{"a package that does not build", `
{"ImportPath":"m/a [m/a.test]","Action":"build-output","Output":"a.go:1: undefined: x\n"}
{"ImportPath":"m/a [m/a.test]","Action":"build-fail"}
{"Action":"start","Package":"m/a"}
{"Action":"output","Package":"m/a","Output":"FAIL\tm/a [build failed]\n"}
{"Action":"fail","Package":"m/a","Elapsed":0,"FailedBuild":"m/a [m/a.test]"}
`, `FAIL  m/a 0.0s
      a.go:1: undefined: x
      FAIL	m/a [build failed]

failed: m/a
time: 3s, 1 packages
0 passed, 1 failed, 0 skipped
`, false},
		{"cut short", `
{"Action":"start","Package":"m/a"}
{"Action":"pass","Package":"m/a","Test":"TestOne"}
`, `FAIL  m/a 0.0s

failed: m/a
time: 3s, 1 packages
1 passed, 1 failed, 0 skipped
`, false},
		{"nothing was run", "go: no such pattern", `go: no such pattern
time: 3s, 0 packages
0 passed, 0 failed, 0 skipped
`, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			r := newReport(&out)
			if err := read(strings.NewReader(strings.TrimPrefix(c.input, "\n")), r); err != nil {
				t.Fatal(err)
			}
			if passes := r.close(3 * time.Second); passes != c.passes {
				t.Errorf("passes: got %v, want %v", passes, c.passes)
			}
			if out.String() != c.want {
				t.Errorf("input:%s\ngot:\n%s\nwant:\n%s", c.input, &out, c.want)
			}
		})
	}
}
