package web

import (
	"math"
	"strings"
	"testing"

	"kurir/account"
)

// Contrasts are those of WCAG's own examples.
func TestContrast(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		one, two string
		want     float64
	}{{"#000000", "#ffffff", 21}, {"#777777", "#ffffff", 4.48}, {"#767676", "#ffffff", 4.54}, {"#ff0000", "#ffffff", 4}, {"#0000ff", "#ffffff", 8.59}} {
		one, _ := account.ParseColor(test.one)
		two, _ := account.ParseColor(test.two)
		if got := contrast(one, two); math.Abs(got-test.want) > .005 {
			t.Errorf("%s on %s: %.3f, want %.2f", test.one, test.two, got, test.want)
		}
	}
}

// Whatever colour an account takes, all text in it can be read, in the light and in the dark; a colour that is good stays.
func TestTones(t *testing.T) {
	t.Parallel()
	for r := 0; r < 256; r += 15 {
		for g := 0; g < 256; g += 15 {
			for b := 0; b < 256; b += 15 {
				c := account.Color{R: uint8(r), G: uint8(g), B: uint8(b)}
				for i, on := range papers() {
					if tone := tonesOf(c, on); !tone.legible(on) {
						t.Fatalf("%s cannot be read in scheme %d: %+v", c, i, tone)
					}
					bar := bandOf(c, i == 1)
					if contrast(bar.Ground, bar.Ink) < readable || contrast(bar.Chosen, bar.Ink) < readable {
						t.Fatalf("a bar of %s cannot be read in scheme %d: %+v", c, i, bar)
					}
					if i == 1 && luminance(bar.Ground) > brightBand {
						t.Fatalf("a bar of %s dazzles in the dark: %+v", c, bar)
					}
				}
			}
		}
	}
	own, _ := account.ParseColor("#0b6b5d")
	if tone := tonesOf(own, papers()[0]); tone.Main != own || tone.Ink != white {
		t.Errorf("a good colour becomes %+v", tone)
	}
	yellow, _ := account.ParseColor("#ffcc00")
	if tone := tonesOf(yellow, papers()[0]); luminance(tone.Main) >= luminance(yellow) || tone.Main.R <= tone.Main.B {
		t.Errorf("yellow becomes %s on white", tone.Main)
	}
}

// The papers are those of style.css.
func TestPapers(t *testing.T) {
	t.Parallel()
	css, err := files.ReadFile("static/style.css")
	if err != nil {
		t.Fatal(err)
	}
	light, dark, _ := strings.Cut(string(css), "@media (prefers-color-scheme: dark)")
	dark, _, _ = strings.Cut(dark, "* {")
	for i, text := range []string{light, dark} {
		on := papers()[i]
		card := "--card: " + on.sheets[1].String()
		if i == 0 {
			card = "--card: #fff;"
		}
		for _, want := range []string{"--paper: " + on.sheets[0].String(), card, "--ink: " + on.ink.String()} {
			if !strings.Contains(text, want) {
				t.Errorf("style.css has no %q in scheme %d", want, i)
			}
		}
	}
	if sheetOf(&account.Looks{Name: "x"}) != "" || !strings.Contains(sheetOf(&account.Looks{Color: "#0b6b5d"}), "--main: #0b6b5d;") {
		t.Error("the sheet")
	}
}
