package message

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestSecretShowsStars(t *testing.T) {
	t.Parallel()
	const value = "open sesame"
	holder := struct {
		Password Secret
		Keys     []Secret
	}{value, []Secret{value}}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "password", holder.Password, "holder", holder)
	asJSON, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]string{"slog": log.String(), "json": string(asJSON), "Sprint": fmt.Sprint(holder.Password)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		shown[verb] = fmt.Sprintf(verb, holder)
	}
	for where, text := range shown {
		if strings.Contains(text, value) || strings.Contains(text, fmt.Sprintf("%x", value)) {
			t.Errorf("%s shows the secret: %s", where, text)
		}
		if !strings.Contains(text, "***") {
			t.Errorf("%s shows no stars: %s", where, text)
		}
	}
	if got := Secret(value).Reveal(); got != value {
		t.Errorf("Reveal gives %q", got)
	}
	if got := Secret("").String(); got != "" {
		t.Errorf("no secret is shown as %q", got)
	}
}
