package capture

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// maxLine bounds a line; longer ones are skipped and told.
const maxLine = 1 << 20

var errLongLine = fmt.Errorf("a line longer than %d bytes", maxLine)

// lines reads a text line by line.
type lines struct {
	r        *bufio.Reader
	problems *problems
	number   int64 // of the line read last, from 1
	buf      []byte
}

// next returns the next line that is neither empty nor too long, without its
// end; false: there is none. The line is valid until the next call.
func (l *lines) next() ([]byte, bool) {
	for {
		line, err := l.read()
		line = bytes.TrimRight(line, "\r\n")
		if err != nil && !errors.Is(err, io.EOF) {
			if !errors.Is(err, errLongLine) {
				l.problem(err)
				return nil, false
			}
			l.problem(err)
			continue
		}
		if len(line) > 0 {
			return line, true
		}
		if err != nil {
			return nil, false
		}
	}
}

// read reads one line of any length, holding at most maxLine of it.
func (l *lines) read() ([]byte, error) {
	l.number++
	l.buf = l.buf[:0]
	long := false
	for {
		part, err := l.r.ReadSlice('\n')
		if long = long || len(l.buf)+len(part) > maxLine; !long {
			l.buf = append(l.buf, part...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if long && (err == nil || errors.Is(err, io.EOF)) {
			err = errLongLine
		}
		return l.buf, err
	}
}

func (l *lines) problem(cause error) {
	l.problems.add(fmt.Sprintf("line %d", l.number), cause)
}
