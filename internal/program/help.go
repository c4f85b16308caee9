package program

import (
	"fmt"
	"io"
	"strings"

	"cordon/internal/config"
)

const (
	// helpWidth is how long a line of help is at most: it is read in terminals.
	helpWidth = 96
	// helpIndent is in front of what a key means.
	helpIndent = "      "
)

// help says what the program does, how it is started, and every key with its
// type, bounds, default and consequence: its own first, then the shared ones,
// one heading for each section of the file.
func (p Program[T]) help(w io.Writer) error {
	keys, err := config.Keys(p.Defaults)
	if err != nil {
		return err
	}
	shared, err := config.Keys(config.Default[struct{}]())
	if err != nil {
		return err
	}
	var text strings.Builder
	fmt.Fprintf(&text, helpHead, p.About, p.Name)
	text.WriteString(heading("What the " + p.Name + " does"))
	for _, k := range keys[len(shared):] {
		writeKey(&text, k)
	}
	section := ""
	for _, k := range keys[:len(shared)] {
		if s := sectionOf(k.Name); s != section {
			section = s
			text.WriteString(heading(s))
		}
		writeKey(&text, k)
	}
	_, err = io.WriteString(w, text.String())
	return err
}

// helpHead takes the program's purpose and its name.
const helpHead = `%[1]s

Usage:
  %[2]s --config %[2]s.yaml
  %[2]s --kafka.brokers kafka-1:9092,kafka-2:9092 [--KEY VALUE]...

  --config FILE   YAML file with any of the keys below
  --healthcheck   ask the %[2]s that runs with this http.listen whether it is ready, and
                  exit: 0 ready, 1 not
  --version       print the version and exit
  --help          print this and exit

Every key below can stand in the file, in the environment and on the command line; what
comes later in this row wins. As an example:
  the file        kafka: {session_timeout: 10s}
  environment     CORDON_KAFKA_SESSION_TIMEOUT=10s
  command line    --kafka.session_timeout 10s
Durations and sizes need their unit: 100ms, 10s, 5m, 1h, 7d; 64KiB, 4MiB, 1GiB. Secrets are
read from files only. See what is in force: cordonctl config check %[2]s.yaml --all
`

func heading(text string) string { return "\n" + text + "\n" }

// sectionOf names the part of the shared keys a key belongs to.
func sectionOf(key string) string {
	first, _, nested := strings.Cut(key, ".")
	switch {
	case !nested:
		return "Group and shutdown"
	case first == "kafka":
		return "Connection to Kafka"
	case first == "http":
		return "HTTP"
	}
	return strings.ToUpper(first[:1]) + first[1:]
}

// writeKey writes one key: name, type, bounds and default on a line, and below
// it what follows from it.
func writeKey(w *strings.Builder, k config.Key) {
	kind := k.Type
	if k.Unit != "" {
		kind += " of " + k.Unit
	}
	switch {
	case strings.Contains(k.Allowed, ".."):
		kind += ", " + k.Allowed
	case k.Allowed != "":
		kind = "one of " + k.Allowed
	}
	fmt.Fprintf(w, "  %-28s %s; default %s\n", k.Name, kind, plainDefault(k.Default))
	for _, line := range wrap(k.Doc, helpWidth-len(helpIndent)) {
		w.WriteString(helpIndent + line + "\n")
	}
}

// plainDefault is a default in words where it is empty.
func plainDefault(text string) string {
	switch text {
	case `""`, "[]", "":
		return "empty"
	}
	return text
}

// wrap breaks text between words into lines of at most width characters; a
// longer word has a line of its own.
func wrap(text string, width int) []string {
	var lines []string
	for word := range strings.FieldsSeq(text) {
		if n := len(lines); n > 0 && len(lines[n-1])+1+len(word) <= width {
			lines[n-1] += " " + word
			continue
		}
		lines = append(lines, word)
	}
	return lines
}
