package config

import (
	"strings"
	"testing"
)

func TestDialectMistakes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"{kannel: {path: cgi-bin}}":          "dialects.kannel.path: is no path",
		"{kannel: {path: /a/}}":              "dialects.kannel.path: is no path",
		"{kannel: {path: '/{x}'}}":           "dialects.kannel.path: is no path",
		"{kannel: {listen: here}}":           "dialects.kannel.listen: ",
		"{kannel: {addresses: [home]}}":      "dialects.kannel.addresses[0]: ",
		"{kannel: {tls: {cert: a, key: b}}}": "dialects.kannel.tls: ",
		"{jasmin_ack: never}":                "dialects.jasmin_ack: ",
		"{nokia: {}}":                        "dialects.nokia: there is no such field",
	} {
		_, mistakes := Parse("x", []byte("dialects: "+text+"\n"), func(string) (string, bool) { return "", false })
		if !strings.Contains(mistakes.Error(), want) {
			t.Errorf("%s: %v, want %q", text, mistakes, want)
		}
	}
}
