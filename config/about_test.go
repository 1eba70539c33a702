package config

import (
	"strings"
	"testing"

	"kurir/resource"
)

// What a form knows of fields is of fields that there are, and words are those that the meaning has.
func TestAbout(t *testing.T) {
	t.Parallel()
	for field, words := range fieldWords {
		meaning, known := meanings()[field]
		if !known {
			t.Errorf("%s is no field", field)
		}
		for word := range strings.FieldsSeq(words) {
			if !strings.Contains(strings.ToLower(meaning), word) {
				t.Errorf("%s: %s does not stand in %q", field, word, meaning)
			}
		}
	}
	for field, kind := range fieldNames {
		if _, known := meanings()[field]; !known {
			t.Errorf("%s is no field", field)
		}
		if _, known := resource.SettingOf(kind); !known {
			t.Errorf("%s names %s, of which there are none", field, kind)
		}
	}
}

// The schema of a kind says of each field what it means, and which words it takes.
func TestSchemaMeanings(t *testing.T) {
	t.Parallel()
	for _, s := range resource.Settings() {
		schema := Schema(s)
		for _, one := range append(schema.OneOf, schema) {
			for _, p := range one.Properties {
				if p.Schema.Description == "" {
					t.Errorf("%s.%s is not explained", s.Kind, p.Name)
				}
			}
		}
	}
	accounts, _ := resource.SettingOf("accounts")
	fields := map[string]*resource.Schema{}
	for _, p := range Schema(accounts).Properties {
		fields[p.Name] = p.Schema
	}
	if p := fields["priority"]; strings.Join(p.Words, " ") != "bulk normal high urgent" || p.Example != "normal" {
		t.Errorf("priority: %+v", p)
	}
	if p := fields["password"]; p.Format != resource.SecretFormat {
		t.Errorf("password: %+v", p)
	}
	if !fields["balance"].Optional || fields["smpp"].Optional || fields["parent"].Names != "accounts" {
		t.Errorf("balance %+v, smpp %+v, parent %+v", fields["balance"], fields["smpp"], fields["parent"])
	}
}
