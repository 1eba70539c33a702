package api

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

// TestParametersDocumented holds that what the tables of the dialects read stands in the documentation; what does, is shown
// to have its effect by TestParameters of app.
func TestParametersDocumented(t *testing.T) {
	t.Parallel()
	for file, names := range map[string][]string{"kannel.md": slices.Concat(kannelHeaderNames, []string{"user", "pass", "udh", "text", "charset", "flash", "dlrmask", "dlrurl"}), "compatibility.md": othersNames()} {
		text, err := os.ReadFile("../docs/" + file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if !regexp.MustCompile("(?m)^\\|[^|]*`" + name + "[`=]").Match(text) {
				t.Errorf("%s is in no table of docs/%s", name, file)
			}
		}
	}
}

// othersNames are the parameters of the dialects that docs/compatibility.md describes.
func othersNames() (names []string) {
	for _, f := range jasminFields {
		names = append(names, f.name)
	}
	for _, of := range plainNames {
		names = append(names, of...)
	}
	for name := range twilioParameters {
		names = append(names, name)
	}
	return names
}
