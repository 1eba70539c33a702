package message

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is a password or a key: whatever prints, logs or marshals it shows stars. Only Reveal gives the value.
type Secret string

const stars = "***"

// Reveal gives the value.
func (s Secret) Reveal() string { return string(s) }

// String shows stars, or nothing when there is no secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return stars
}

// GoString implements fmt.GoStringer with stars.
func (s Secret) GoString() string { return s.String() }

// Format implements fmt.Formatter: every verb shows stars.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText implements encoding.TextMarshaler (JSON and others) with stars.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalYAML gives stars to YAML.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

// LogValue implements slog.LogValuer with stars.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
