package config

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v4"
)

// maxFile bounds the size of a file; thousands of accounts fit.
const maxFile = 16 << 20

// Load reads and checks a file. When there are mistakes it returns them all and no File. Paths and ${file:path} in
// it are relative to the working directory.
func Load(path string) (*File, Errors) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, Errors{{File: path, Text: plain(err)}}
	}
	if info.Size() > maxFile {
		return nil, Errors{{File: path, Text: "is larger than 16 MiB"}}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, Errors{{File: path, Text: plain(err)}}
	}
	return Parse(filepath.Base(path), data, os.LookupEnv)
}

// plain takes the path off an error of package os: it stands before the text already.
func plain(err error) string {
	if wrapped, ok := errors.AsType[*os.PathError](err); ok {
		return "cannot be read: " + wrapped.Err.Error()
	}
	return err.Error()
}

// Parse checks the text of a file; name is for the mistakes, env finds environment variables (os.LookupEnv).
func Parse(name string, text []byte, env func(string) (string, bool)) (*File, Errors) {
	return (&source{name: name, text: text, env: env}).read(nil)
}

// read reads the text, with what was made over REST behind it.
func (s *source) read(made []Made) (*File, Errors) {
	d := &decoder{file: s.name, env: s.env, places: map[string]place{}, wrong: map[string]bool{}, made: map[string]string{}}
	root, err := document(s.text)
	if err != nil {
		d.syntax(err)
		return nil, d.errors.sorted()
	}
	if root == nil {
		return nil, Errors{{File: s.name, Line: 1, Column: 1, Text: "is empty; docs/quickstart.md has one to begin with"}}
	}
	f := Default()
	d.value(root, reflect.ValueOf(&f).Elem(), "", 0)
	d.add(root, &f, made)
	f.fillZeros()
	d.check(&f)
	d.checkEffects(&f)
	f.Warnings = d.warned.sorted()
	if len(d.errors) > 0 {
		return nil, d.errors.sorted()
	}
	f.source, f.mixed = s, len(made) > 0
	for _, change := range s.adjust {
		change(&f)
	}
	return &f, nil
}

// document gives the top of the one document in a text; nil when there is none.
func document(text []byte) (*yaml.Node, error) {
	loader, err := yaml.NewLoader(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	var root, more yaml.Node
	if err = loader.Load(&root); errors.Is(err, io.EOF) || err == nil && len(root.Content) == 0 {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	if err = loader.Load(&more); err == nil {
		return nil, &yaml.LoadError{Message: "there is a second document; one is expected", Mark: yaml.Mark{Line: more.Line, Column: more.Column}}
	} else if !errors.Is(err, io.EOF) {
		return nil, err
	}
	return root.Content[0], nil
}

// syntax notes what the YAML parser says.
func (d *decoder) syntax(err error) {
	if many, ok := errors.AsType[*yaml.LoadErrors](err); ok {
		for _, one := range many.Errors {
			d.syntax(one)
		}
		return
	}
	if one, ok := errors.AsType[*yaml.LoadError](err); ok {
		text := one.Message
		if one.ContextMsg != "" {
			text = one.ContextMsg + ": " + text
		}
		d.note(place{one.Mark.Line, max(1, one.Mark.Column)}, "", "is not valid YAML: "+text)
		return
	}
	d.note(place{}, "", "is not valid YAML: "+strings.TrimPrefix(err.Error(), "yaml: "))
}
