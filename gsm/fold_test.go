package gsm_test

import (
	"testing"

	"kurir/gsm"
)

func TestFold(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"": "", "STOP": "stop", "Från": "fran", "E\u0301va": "eva", "ÉVA": "eva", "Łódź": "lodz", "Straße": "strasse",
		"BLÅBÆR": "blabaer", "СТОП": "стоп", "İstanbul": "istanbul",
	}
	for text, want := range tests {
		if got := gsm.Fold(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}
