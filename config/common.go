package config

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// local are the fields at the top of a file that each server has for itself.
func local() []string {
	return []string{"data", "database", "database_listen", "node", "http", "smpp", "dialects", "limits", "log", "secrets"}
}

// CommonHash stands for what of a file servers that share a database should have
// in common: all but where each keeps its data, listens and logs. Comments and
// the order of fields do not count. It is empty for what was not read from a file.
func (f *File) CommonHash() string {
	if f.source == nil {
		return ""
	}
	root, err := document(f.source.text)
	if err != nil || root == nil {
		return ""
	}
	fields, ok := plainValue(resolve(root)).(map[string]any)
	if !ok {
		return ""
	}
	for _, name := range local() {
		delete(fields, name)
	}
	text, err := json.Marshal(fields) // in the order of names
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:6])
}
