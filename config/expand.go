package config

import (
	"io"
	"os"
	"strings"
)

// maxSecretFile bounds what ${file:path} reads.
const maxSecretFile = 64 << 10

// expand replaces ${env:NAME} and ${file:path} in a value. A line end at the end of a file is dropped. $${ stands
// for ${ itself. What leads nowhere is noted, and the value stays as it is.
func (d *decoder) expand(text, path string) string {
	if !strings.Contains(text, "${") {
		return text
	}
	if d.literal {
		if strings.Contains(text, "${env:") || strings.Contains(text, "${file:") {
			d.report(path, "has a ${env:NAME} or ${file:path}; these can be used in the configuration file only")
		}
		return text
	}
	var out strings.Builder
	for rest := text; ; {
		before, after, found := strings.Cut(rest, "${")
		if literal, escaped := strings.CutSuffix(before, "$"); found && escaped {
			out.WriteString(literal + "${")
			rest = after
			continue
		}
		out.WriteString(before)
		if !found {
			return out.String()
		}
		reference, remainder, closed := strings.Cut(after, "}")
		if !closed {
			d.report(path, "${ has no closing }; write $${ for the characters themselves")
			return text
		}
		value, problem := d.reference(reference)
		if problem != "" {
			d.report(path, problem)
			return text
		}
		out.WriteString(value)
		rest = remainder
	}
}

// reference gives what env:NAME or file:path leads to, or else what is wrong.
func (d *decoder) reference(reference string) (value, problem string) {
	kind, name, _ := strings.Cut(reference, ":")
	switch {
	case kind == "env" && name != "":
		value, ok := d.env(name)
		if !ok {
			return "", "the environment variable " + name + " is not set"
		}
		return value, ""
	case kind == "file" && name != "":
		return readSecret(name)
	}
	// Not quoted: it may be a piece of a password.
	return "", "has a ${...} that is neither ${env:NAME} nor ${file:path}; write $${ for the characters themselves"
}

// readSecret gives the contents of a small file.
func readSecret(name string) (value, problem string) {
	file, err := os.Open(name)
	if err != nil {
		return "", "the file " + name + " " + plain(err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxSecretFile+1))
	if err != nil {
		return "", "the file " + name + " " + plain(err)
	}
	if len(data) > maxSecretFile {
		return "", "the file " + name + " is larger than 64 KiB"
	}
	return strings.TrimRight(string(data), "\r\n"), ""
}
