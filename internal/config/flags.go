package config

import (
	"reflect"
	"strings"

	"github.com/spf13/pflag"
)

// AddFlags adds a flag for every key, named like the key, with the defaults and
// the documentation in its help. A flag the caller added before stays. Values
// are checked by Load, which knows the key's words.
func AddFlags[T any](flags *pflag.FlagSet, defaults Program[T]) error {
	s, err := schemaOf(reflect.TypeOf(defaults))
	if err != nil {
		return err
	}
	for _, f := range s.fields {
		if f.typ.Kind() == reflect.Slice && isSection(f.typ.Elem()) {
			continue // a list of entries is written in the file
		}
		if flags.Lookup(f.name) == nil {
			addFlag(flags, f, formatDefault(reflect.ValueOf(defaults).FieldByIndex(f.index)))
		}
		if secret, ok := strings.CutSuffix(f.name, "_file"); ok && secretName.MatchString(secret) && flags.Lookup(secret) == nil {
			refuseFlag(flags, secret)
		}
	}
	return nil
}

func addFlag(flags *pflag.FlagSet, f field, text string) {
	flag := flags.VarPF(&flagText{text: text, kind: typeName(f.typ)}, f.name, "", f.doc)
	flag.DefValue = text
	if f.typ.Kind() == reflect.Bool {
		flag.NoOptDefVal = "true"
	}
}

// refuseFlag adds a hidden flag that takes a secret only for Load to refuse it
// with the remedy: the command line is shown to every user of the machine.
func refuseFlag(flags *pflag.FlagSet, name string) {
	flags.VarPF(&flagText{secret: true}, name, "", "").Hidden = true
}

// flagText is a flag's value before it is parsed by the type of its key.
type flagText struct {
	text   string
	kind   string
	secret bool
}

// String implements pflag.Value.
func (v *flagText) String() string { return v.text }

// Type implements pflag.Value.
func (v *flagText) Type() string { return strings.ReplaceAll(v.kind, " ", "-") }

// Set implements pflag.Value. A secret is not kept, so that nothing can print it.
func (v *flagText) Set(text string) error {
	if !v.secret {
		v.text = text
	}
	return nil
}

// formatDefault writes a value as a flag takes it: lists with commas.
func formatDefault(v reflect.Value) string {
	if v.Kind() != reflect.Slice || readsText(v.Type()) {
		return nodeOf(v).Value
	}
	var items []string
	for i := range v.Len() {
		items = append(items, nodeOf(v.Index(i)).Value)
	}
	return strings.Join(items, ",")
}

// readFlags takes the flags that were given on the command line and are named
// like keys; others belong to the program.
func (l *loader) readFlags(flags *pflag.FlagSet) {
	if flags == nil {
		return
	}
	flags.Visit(func(flag *pflag.Flag) {
		from := Origin{Layer: "flag", Name: "--" + flag.Name}
		if v, ok := flag.Value.(*flagText); ok && v.secret {
			problem := inlineSecret(flag.Name)
			problem.File = from.place()
			l.problems = append(l.problems, problem)
			return
		}
		if f, ok := l.schema.lookup(flag.Name); ok {
			l.readText(f, flagValue(flag), from)
		}
	})
}

// flagValue is the text of a flag; the caller's own lists print with brackets.
func flagValue(flag *pflag.Flag) string {
	if list, ok := flag.Value.(pflag.SliceValue); ok {
		return strings.Join(list.GetSlice(), ",")
	}
	return flag.Value.String()
}
