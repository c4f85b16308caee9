package config

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

// envPrefix is in front of every environment variable of Cordon.
const envPrefix = "CORDON_"

// Options say where a configuration comes from.
type Options[T any] struct {
	// Program is its name: the default group is topics.prefix + Program.
	Program string
	// Path of the YAML file; empty for none. A file that is named has to exist.
	Path string
	// Defaults are the weakest source; start from Default.
	Defaults Program[T]
	// Flags that were parsed, with those of AddFlags among them; nil for none.
	Flags *pflag.FlagSet
	// Environ as os.Environ gives it; nil means the process's own.
	Environ []string
}

// Origin is where an effective value came from.
type Origin struct {
	// Layer is default, file, environment or flag.
	Layer string
	// Name of the file, variable ("CORDON_LOG_LEVEL") or flag ("--log.level").
	Name string
	// Line in the file.
	Line int
}

// String is "default", "collector.yaml:12", "CORDON_LOG_LEVEL" or "--log.level".
func (o Origin) String() string {
	switch o.Layer {
	case "file":
		return fmt.Sprintf("%s:%d", o.Name, o.Line)
	case "environment", "flag":
		return o.Name
	default:
		return "default"
	}
}

// Load reads and checks the configuration. What it returns beside an error is
// not to be used.
func Load[T any](o Options[T]) (Program[T], error) {
	var p Program[T]
	s, err := schemaOf(reflect.TypeOf(p))
	if err != nil {
		return p, err
	}
	l := &loader{schema: s, values: viper.New(), origins: map[string]Origin{}}
	l.readDefaults(reflect.ValueOf(o.Defaults))
	l.readFile(o.Path)
	l.readEnviron(o.Environ)
	l.readFlags(o.Flags)
	l.checkBounds()
	if len(l.problems) > 0 {
		return p, join(l.problems)
	}
	if err := l.values.UnmarshalExact(&p, strict); err != nil {
		return p, &Error{File: o.Path, Problem: err.Error(), cause: err}
	}
	p.origins = l.origins
	p.derive(o.Program)
	return p, l.locate(errors.Join(p.Validate(), validateSettings(&p.Settings)), o.Path)
}

// validateSettings asks the program's own settings, if they can tell.
func validateSettings(settings any) error {
	if v, ok := settings.(interface{ Validate() error }); ok {
		return v.Validate()
	}
	return nil
}

// loader fills the layers.
type loader struct {
	schema   *schema
	values   *viper.Viper
	origins  map[string]Origin
	problems []*Error
}

// strict turns off the conversions viper does by default: values arrive in their
// final types, and anything else is a mistake here.
func strict(c *mapstructure.DecoderConfig) {
	c.DecodeHook = nil
	c.WeaklyTypedInput = false
}

func (l *loader) readDefaults(root reflect.Value) {
	for _, f := range l.schema.fields {
		l.values.SetDefault(f.name, root.FieldByIndex(f.index).Interface())
	}
}

// set puts a value into the layer above everything set before: the sources are
// read from the weakest to the strongest.
func (l *loader) set(f field, v reflect.Value, from Origin) {
	l.values.Set(f.name, v.Interface())
	l.origins[f.name] = from
}

func (l *loader) readFile(path string) {
	if path == "" {
		return
	}
	r := &fileReader{file: path}
	for _, v := range r.read(l.schema) {
		l.set(v.field, v.value, Origin{Layer: "file", Name: path, Line: v.line})
	}
	l.problems = append(l.problems, r.problems...)
}

// readText sets a key from the text of a variable or flag; where names it in an
// error.
func (l *loader) readText(f field, text string, from Origin) {
	v, problem := parseText(f.typ, text)
	if problem != nil {
		problem = problem.in(f.name)
		problem.File = from.place()
		l.problems = append(l.problems, problem)
		return
	}
	l.set(f, v, from)
}

// place is the origin as an error names it.
func (o Origin) place() string {
	switch o.Layer {
	case "environment":
		return "environment variable " + o.Name
	case "flag":
		return "flag " + o.Name
	default:
		return o.Name
	}
}

func (l *loader) readEnviron(environ []string) {
	if environ == nil {
		environ = os.Environ()
	}
	set := map[string]string{}
	for _, entry := range environ {
		if name, text, _ := strings.Cut(entry, "="); strings.HasPrefix(name, envPrefix) && text != "" {
			set[name] = text
		}
	}
	for _, f := range l.schema.fields {
		if text, ok := set[f.env()]; ok {
			l.readText(f, text, Origin{Layer: "environment", Name: f.env()})
			delete(set, f.env())
		}
	}
	l.refuseNearMisses(set)
}

// refuseNearMisses refuses variables a typing error away from a key, and secrets
// given inline. Other unknown ones are left alone: programs share an environment,
// and Kubernetes puts CORDON_COLLECTOR_PORT into it for a service of that name.
func (l *loader) refuseNearMisses(set map[string]string) {
	var names []string
	for name := range set {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, f := range l.schema.fields {
			var problem *Error
			switch {
			case f.env() == name+"_FILE":
				problem = inlineSecret(strings.TrimSuffix(f.name, "_file"))
			case editDistance(name, f.env(), maxTypingErrors+1) <= maxTypingErrors:
				problem = &Error{Problem: "is not a key", Remedy: "did you mean " + f.env() + "?"}
			default:
				continue
			}
			problem.File = "environment variable " + name
			l.problems = append(l.problems, problem)
			break
		}
	}
}

func (l *loader) checkBounds() {
	for _, f := range l.schema.fields {
		if problem := f.check(reflect.ValueOf(l.values.Get(f.name))); problem != nil {
			l.problems = append(l.problems, l.place(problem))
		}
	}
}

// place adds where the key of a problem was set.
func (l *loader) place(problem *Error) *Error {
	name, _, _ := strings.Cut(problem.Key, "[")
	if from, ok := l.origins[name]; ok && problem.File == "" {
		problem.File, problem.Line = from.place(), from.Line
	}
	return problem
}

// locate makes every error an *Error and adds where its key was set.
func (l *loader) locate(err error, path string) error {
	if err == nil {
		return nil
	}
	var all []*Error
	for _, one := range flatten(err) {
		var problem *Error
		if !errors.As(one, &problem) {
			problem = &Error{File: path, Problem: one.Error(), cause: one}
		}
		all = append(all, l.place(problem))
	}
	return join(all)
}
