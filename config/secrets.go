package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"kurir/account"
	"kurir/message"
	"kurir/resource"
)

// stars stand for a secret; behind them, in a list, its place from 1.
const stars = "***"

// eachSecret gives a copy of a setting's value in which every secret is what change makes of it.
func eachSecret(kind string, value map[string]any, change func(path string, secret any) any) map[string]any {
	file := reflect.TypeFor[File]()
	t := fieldType(file, kind)
	if t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	copied, _ := copyOf(t, value, "", change).(map[string]any)
	return copied
}

func copyOf(t reflect.Type, value any, path string, change func(string, any) any) any {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == reflect.TypeFor[Connector]():
		fields, _ := value.(map[string]any)
		kind, _ := fields["kind"].(string)
		t = settingsOf(kind)
	case t == reflect.TypeFor[message.Secret]():
		return change(path, value)
	}
	switch v := value.(type) {
	case map[string]any:
		copied := make(map[string]any, len(v))
		for name, inner := range v {
			copied[name] = copyOf(fieldType(t, name), inner, join(path, name), change)
		}
		return copied
	case []any:
		copied := make([]any, len(v))
		for i, inner := range v {
			var item reflect.Type
			if t != nil && t.Kind() == reflect.Slice {
				item = t.Elem()
			}
			copied[i] = copyOf(item, inner, fmt.Sprintf("%s[%d]", path, i), change)
		}
		return copied
	}
	return value
}

// fieldType gives the type of a field by its name in the file, nil where there is none.
func fieldType(t reflect.Type, name string) reflect.Type {
	if t == nil || t.Kind() != reflect.Struct {
		return nil
	}
	if i, ok := fieldsOf(t)[name]; ok {
		return t.FieldByIndex(i).Type
	}
	return nil
}

// Hide gives a setting's value with stars for its secrets: *** or, in a list, *** and the place from 1. In what is a list's they have the
// name of the field behind them (***modems[0].pin), so that they stand for the same secret when others of the list come or go.
func Hide(kind string, value map[string]any) map[string]any {
	return eachSecret(kind, value, func(path string, secret any) any {
		if secret == nil || secret == "" {
			return secret
		}
		if _, item, inList := strings.Cut(path, "["); inList {
			if n, err := strconv.Atoi(strings.TrimSuffix(item, "]")); err == nil {
				return stars + strconv.Itoa(n+1)
			}
			return stars + path
		}
		return stars
	})
}

// Seal gives a setting's value as it is kept: stars are the secrets of old for which they stand, and what can be
// checked by a hash (account.Seal) is one. Stars with the name of another field stand for the secret there: ***key. Stars that stand for nothing are refused, and what is no text: a number has
// lost its zeros on the way, and perhaps digits.
func Seal(kind string, value, old map[string]any) (map[string]any, *resource.Refusal) {
	had := map[string]any{}
	eachSecret(kind, old, func(path string, secret any) any {
		had[path] = secret
		return secret
	})
	var refused *resource.Refusal
	sealed := eachSecret(kind, value, func(path string, secret any) any {
		text, ok := secret.(string)
		if !ok {
			if secret != nil {
				refused = resource.Refuse(resource.Invalid, path, "a text is expected: put it in quotes")
			}
			return secret
		}
		if place, kept := strings.CutPrefix(text, stars); kept {
			from := path
			if list, _, inList := strings.Cut(path, "["); inList {
				n, _ := strconv.Atoi(place)
				from = fmt.Sprintf("%s[%d]", list, n-1)
			}
			if _, other := had[place]; other {
				from = place
			}
			if before, ok := had[from]; ok {
				return before
			}
			refused = resource.Refuse(resource.Invalid, path, "stars stand for a secret that is kept, and there is none; give it as it is")
			return secret
		}
		if strings.HasPrefix(text, encryptedPrefix) {
			refused = resource.Refuse(resource.Invalid, path, "begins with "+encryptedPrefix+", as what is encrypted does; give the secret as it is")
			return secret
		}
		if !hashes(kind) {
			return secret
		}
		return account.Seal(path, text)
	})
	return sealed, refused
}
