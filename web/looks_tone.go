package web

import (
	"fmt"
	"math"
	"strings"

	"kurir/account"
)

// readable is the contrast that text has to what is behind it (WCAG 2.2, 1.4.3, level AA).
const readable = 4.5

// paper is what stands behind colours in one of the two schemes: those of style.css.
type paper struct {
	sheets []account.Color // that text in the main colour stands on
	ink    account.Color   // of text on a wash
	far    account.Color   // towards which a tone is moved until it can be read: black on light paper, white on dark
	wash   float64         // how much of the colour is in the wash
}

var (
	white = account.Color{R: 255, G: 255, B: 255}
	black = account.Color{}
)

// papers are the light and the dark one.
func papers() [2]paper {
	return [2]paper{
		{sheets: []account.Color{{R: 0xf6, G: 0xf7, B: 0xf5}, white}, ink: account.Color{R: 0x1b, G: 0x24, B: 0x22}, far: black, wash: .1},
		{sheets: []account.Color{{R: 0x12, G: 0x18, B: 0x16}, {R: 0x1b, G: 0x23, B: 0x21}}, ink: account.Color{R: 0xe6, G: 0xec, B: 0xea}, far: white, wash: .16},
	}
}

// luminance of a colour (WCAG 2.2, relative luminance), 0 to 1.
func luminance(c account.Color) float64 {
	part := func(v uint8) float64 {
		s := float64(v) / 255
		if s <= .04045 {
			return s / 12.92
		}
		return math.Pow((s+.055)/1.055, 2.4)
	}
	return .2126*part(c.R) + .7152*part(c.G) + .0722*part(c.B)
}

// contrast of two colours (WCAG 2.2, contrast ratio), 1 to 21.
func contrast(a, b account.Color) float64 {
	one, two := luminance(a), luminance(b)
	return (max(one, two) + .05) / (min(one, two) + .05)
}

// mixed gives a colour that has so much of another in it, 0 to 1.
func mixed(c, other account.Color, share float64) account.Color {
	part := func(a, b uint8) uint8 { return uint8(math.Round(float64(a) + (float64(b)-float64(a))*share)) }
	return account.Color{R: part(c.R, other.R), G: part(c.G, other.G), B: part(c.B, other.B)}
}

// inkOn gives black or white, whichever can be read better on a colour: one of the two always has a contrast of 4.58.
func inkOn(c account.Color) account.Color {
	if contrast(c, white) >= contrast(c, black) {
		return white
	}
	return black
}

// tones are what a colour becomes on one paper.
type tones struct {
	Main, Ink, Wash account.Color // of text and buttons, of text on those, behind what is chosen
}

// tonesOf gives the tone nearest to a colour in which text can be read on the paper, on its wash, and under its ink.
func tonesOf(c account.Color, on paper) tones {
	const steps = 100
	for i := range steps {
		t := tones{Main: mixed(c, on.far, float64(i)/steps)}
		t.Ink, t.Wash = inkOn(t.Main), mixed(on.sheets[1], t.Main, on.wash)
		if t.legible(on) {
			return t
		}
	}
	return tones{Main: on.far, Ink: inkOn(on.far), Wash: on.sheets[1]}
}

// legible tells whether all that is written with the tones can be read.
func (t *tones) legible(on paper) bool {
	for _, sheet := range append([]account.Color{t.Wash}, on.sheets...) {
		if contrast(t.Main, sheet) < readable {
			return false
		}
	}
	return contrast(t.Main, t.Ink) >= readable && contrast(on.ink, t.Wash) >= readable
}

// band is what the bar at the top becomes.
type band struct{ Ground, Ink, Chosen account.Color }

// brightBand is how bright a bar may be in the dark.
const brightBand = .18

// bandOf gives the bar in a colour, in the dark a darker tone of what would dazzle. What is chosen in it differs from it as much as
// leaves its text readable.
func bandOf(c account.Color, dark bool) band {
	for dark && luminance(c) > brightBand {
		c = mixed(c, black, .06)
	}
	b := band{Ground: c, Ink: inkOn(c), Chosen: c}
	for share := .2; share > 0; share -= .02 {
		if chosen := mixed(c, b.Ink, share); contrast(chosen, b.Ink) >= readable {
			b.Chosen = chosen
			break
		}
	}
	return b
}

// sheetOf gives the stylesheet of an account's two colours; empty for none.
func sheetOf(l *account.Looks) string {
	var scheme [2]strings.Builder
	if c, ok := account.ParseColor(l.Color); ok {
		for i, on := range papers() {
			t := tonesOf(c, on)
			fmt.Fprintf(&scheme[i], "--main: %s; --main-ink: %s; --wash: %s; ", t.Main, t.Ink, t.Wash)
		}
	}
	rules := ""
	if c, ok := account.ParseColor(l.Band); ok {
		for i := range scheme {
			b := bandOf(c, i == 1)
			fmt.Fprintf(&scheme[i], "--band: %s; --band-ink: %s; --band-wash: %s; ", b.Ground, b.Ink, b.Chosen)
		}
		rules = bandRules
	}
	if scheme[0].Len() == 0 {
		return ""
	}
	return ":root { " + scheme[0].String() + "}\n@media (prefers-color-scheme: dark) { :root { " + scheme[1].String() + "} }\n" + rules
}

// bandRules have the bar at the top take its colours.
const bandRules = `.top { background: var(--band); border-color: var(--band); color: var(--band-ink); --focus: var(--band-ink); }
.top a, .top button, .top summary, .top nav a, .top .who a, .top .brand { color: var(--band-ink); }
.top [aria-current] { background: var(--band-wash); }
`
