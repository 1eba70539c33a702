package config

import (
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"kurir/message"
)

// testKey makes a key of one octet.
func testKey(t *testing.T, octet byte) *SecretKey {
	t.Helper()
	k, err := ParseSecretKey(keyText(octet))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func keyText(octet byte) message.Secret {
	return message.Secret(base64.StdEncoding.EncodeToString([]byte(strings.Repeat(string(rune(octet)), 32))))
}

// secretCases has, of each noun that has secrets, one with all of them, and of which fields they are.
var secretCases = []struct {
	kind   string
	value  map[string]any
	fields []string
}{
	{"connectors", map[string]any{
		"kind": "smpp", "system_id": "kurir", "password": "mark-1", "outbind": map[string]any{"listen": ":1", "password": "mark-2"},
	}, []string{"password", "outbind.password"}},
	{"accounts", map[string]any{
		"password": "$argon2id$v=19$x", "api_keys": []any{"sha256:00"}, "webhook_secret": "mark-3", "webhook_secret_previous": "mark-4",
		"smpp":   map[string]any{"password": "$argon2id$v=19$y", "outbind": map[string]any{"host": "h:1", "password": "mark-5"}},
		"twilio": map[string]any{"auth_token": "mark-6", "keys": []any{map[string]any{"secret": "mark-7"}, map[string]any{"secret": "mark-8"}}},
	}, []string{"webhook_secret", "webhook_secret_previous", "smpp.outbind.password", "twilio.auth_token", "twilio.keys[0].secret", "twilio.keys[1].secret"}},
	{"alarms", map[string]any{
		"webhook_secret": "mark-9", "mail": map[string]any{"server": "h:1", "password": "mark-10"},
	}, []string{"webhook_secret", "mail.password"}},
	{"keys", map[string]any{"account": "acme", "key": "sha256:00", "previous": "sha256:01"}, nil},
}

// TestEncrypt: of every noun each secret that is no hash is encrypted, and comes back; the rest stands as it stood.
func TestEncrypt(t *testing.T) {
	t.Parallel()
	key := testKey(t, 'a')
	for _, c := range secretCases {
		had := fmt.Sprint(c.value)
		sealed := Encrypt(key, c.kind, "op1", c.value)
		if strings.Contains(fmt.Sprint(sealed), "mark-") {
			t.Errorf("%s: in the clear: %v", c.kind, sealed)
		}
		if fmt.Sprint(c.value) != had {
			t.Errorf("%s: the value itself is changed: %v", c.kind, c.value)
		}
		var fields []string
		eachSecret(c.kind, sealed, func(path string, secret any) any {
			if text, ok := secret.(string); ok && strings.HasPrefix(text, encryptedPrefix) {
				fields = append(fields, path)
			}
			return secret
		})
		if len(fields) != len(c.fields) {
			t.Errorf("%s: encrypted are %v, want %v", c.kind, fields, c.fields)
		}
		if n, all := Otherwise(c.kind, sealed, key.Fingerprint()), Otherwise(c.kind, c.value, key.Fingerprint()); n != 0 || all != len(c.fields) {
			t.Errorf("%s: otherwise than with the key are %d before and %d after, want %d and 0", c.kind, all, n, len(c.fields))
		}
		if n := Otherwise(c.kind, sealed, testKey(t, 'b').Fingerprint()); n != len(c.fields) {
			t.Errorf("%s: otherwise than with another key are %d", c.kind, n)
		}
		back, err := SecretKeys{testKey(t, 'b'), key}.Decrypt(c.kind, "op1", sealed)
		if err != nil || !reflect.DeepEqual(back, c.value) {
			t.Errorf("%s: %v, %v", c.kind, back, err)
		}
		if clear, err := (SecretKeys{}).Decrypt(c.kind, "op1", c.value); err != nil || !reflect.DeepEqual(clear, c.value) {
			t.Errorf("%s in the clear: %v, %v", c.kind, clear, err)
		}
	}
}

// TestEncryptedIsBound: what is encrypted is worth nothing in another field, under another name or noun, with another
// key, or changed in any octet.
func TestEncryptedIsBound(t *testing.T) {
	t.Parallel()
	key := testKey(t, 'a')
	keys := SecretKeys{key}
	sealed, _ := Encrypt(key, "alarms", "alarms", map[string]any{"webhook_secret": "mark"})["webhook_secret"].(string)
	again, _ := Encrypt(key, "alarms", "alarms", map[string]any{"webhook_secret": "mark"})["webhook_secret"].(string)
	if sealed == again {
		t.Error("the same secret twice is the same octets")
	}
	refused := func(what, kind, name string, value map[string]any) {
		t.Helper()
		if clear, err := keys.Decrypt(kind, name, value); err == nil || strings.Contains(err.Error(), "mark") {
			t.Errorf("%s: %v, %v", what, clear, err)
		}
	}
	refused("another field", "alarms", "alarms", map[string]any{"mail": map[string]any{"password": sealed}})
	refused("another name", "alarms", "alarm", map[string]any{"webhook_secret": sealed})
	refused("another noun", "accounts", "alarms", map[string]any{"webhook_secret": sealed})
	refused("another form", "alarms", "alarms", map[string]any{"webhook_secret": strings.Replace(sealed, ":1:", ":2:", 1)})
	for i := len(encryptedPrefix); i < len(sealed); i++ {
		octets := []byte(sealed)
		octets[i] ^= 1
		refused(fmt.Sprintf("octet %d", i), "alarms", "alarms", map[string]any{"webhook_secret": string(octets)})
	}
	_, err := SecretKeys{testKey(t, 'b')}.Decrypt("alarms", "alarms", map[string]any{"webhook_secret": sealed})
	if _, ok := errors.AsType[*KeyError](err); !ok || !strings.Contains(err.Error(), key.Fingerprint()) {
		t.Errorf("another key: %v", err)
	}
}

// TestSecretKey: a key that is none is said so, by its field and with how to make one, and is not shown.
func TestSecretKey(t *testing.T) {
	t.Parallel()
	good := string(keyText('a'))
	for text, want := range map[string]string{
		"{key: short}":                                              "secrets.key: is not base64; make a key with: head -c 32 /dev/urandom | base64",
		"{key: c2hvcnQ=}":                                           "secrets.key: is 5 octets in base64 and not 32; make a key with: head",
		"{key: \"" + good[:43] + "\"}":                              "secrets.key: is not base64",
		"{previous: \"" + good + "\"}":                              "secrets.previous: has no effect without secrets.key",
		"{key: \"" + good + "\", previous: \"" + good + "\"}":       "secrets.previous: is the same as secrets.key",
		"{key: \"" + good + "\", previous: \"hunter2-is-no-key!\"}": "secrets.previous: is not base64",
		"{key: \"" + good + "\", old: x}":                           "secrets.old: there is no such field",
	} {
		_, mistakes := Parse("kurir.yaml", []byte("secrets: "+text+"\naccounts: [{name: a, api_keys: [k]}]\n"), nil)
		if !strings.Contains(mistakes.Error(), want) || strings.Contains(mistakes.Error(), good[:20]) || strings.Contains(mistakes.Error(), "hunter2") {
			t.Errorf("%s: %v", text, mistakes)
		}
	}
	file, mistakes := Parse("kurir.yaml", []byte("secrets: {key: \""+good+"\", previous: \""+string(keyText('b'))+"\"}\naccounts: [{name: a, api_keys: [k]}]\n"), nil)
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	keys := file.SecretKeys()
	if len(keys) != 2 || keys.Key().Fingerprint() != testKey(t, 'a').Fingerprint() || keys.Find(testKey(t, 'b').Fingerprint()) == nil {
		t.Errorf("%v", keys)
	}
	for _, shown := range []string{fmt.Sprint(keys), fmt.Sprintf("%+v", keys), fmt.Sprintf("%#v", file.Secrets), keys.Key().Fingerprint()} {
		if strings.Contains(shown, good) || strings.Contains(shown, "aaaa") {
			t.Errorf("a key is shown: %s", shown)
		}
	}
}

// TestSealRefusesEncrypted: over REST nobody says that something is encrypted already.
func TestSealRefusesEncrypted(t *testing.T) {
	t.Parallel()
	_, refused := Seal("alarms", map[string]any{"webhook_secret": encryptedPrefix + "1:x"}, nil)
	if refused == nil || refused.Problems[0].Field != "webhook_secret" {
		t.Errorf("%v", refused)
	}
}

// FuzzDecrypt: whatever stands in the database in place of a secret is refused or was encrypted for that place.
func FuzzDecrypt(f *testing.F) {
	key, err := ParseSecretKey(keyText('a'))
	if err != nil {
		f.Fatal(err)
	}
	sealed, _ := Encrypt(key, "alarms", "alarms", map[string]any{"webhook_secret": "mark"})["webhook_secret"].(string)
	for _, seed := range []string{sealed, sealed[:len(sealed)-1], sealed + "A", encryptedPrefix, encryptedPrefix + "1:", encryptedPrefix + "1:" + key.fingerprint + ":", encryptedPrefix + "1::AAAA"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		clear, err := SecretKeys{key}.Decrypt("alarms", "alarms", map[string]any{"webhook_secret": text})
		switch {
		case !strings.HasPrefix(text, encryptedPrefix):
			if err != nil || clear["webhook_secret"] != text {
				t.Errorf("in the clear: %v, %v", clear, err)
			}
		case err == nil && clear["webhook_secret"] != "mark": // which a process that fuzzes beside this one has encrypted differently
			t.Errorf("%q is taken for %v", text, clear)
		}
	})
}
