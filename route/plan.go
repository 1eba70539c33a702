package route

import "strings"

// plan is how numbers are written inside a country where that is not: 0, then
// the number that stands behind the calling code. From the national numbering
// plans that the ITU publishes (ITU-T E.129, "National numbering plans").
type plan struct {
	first    string   // digits with which national numbers begin
	min, max int      // digits of a national number
	trunk    []string // dialled before a national number within the country
	exit     string   // dialled before a calling code, besides 00
	zero     bool     // a 0 in front is part of the number, also abroad
}

// plans holds them by calling code. Countries that are not here write national
// numbers with a 0 in front, or have to be written with + and calling code.
var plans = map[string]plan{
	"1":   {first: "23456789", min: 10, max: 10, trunk: []string{"1"}, exit: "011"}, // North America
	"7":   {first: "3456789", min: 10, max: 10, trunk: []string{"8"}, exit: "810"},  // Russia, Kazakhstan
	"30":  {first: "26", min: 10, max: 10},                                          // Greece
	"34":  {first: "6789", min: 9, max: 9},                                          // Spain
	"36":  {first: "23456789", min: 8, max: 9, trunk: []string{"06"}},               // Hungary
	"39":  {first: "3", min: 9, max: 10, zero: true},                                // Italy
	"45":  {first: "23456789", min: 8, max: 8},                                      // Denmark
	"47":  {first: "23456789", min: 8, max: 8},                                      // Norway
	"48":  {first: "23456789", min: 9, max: 9},                                      // Poland
	"52":  {first: "23456789", min: 10, max: 10},                                    // Mexico
	"65":  {first: "3689", min: 8, max: 8},                                          // Singapore
	"91":  {first: "6789", min: 10, max: 10, trunk: []string{"0"}},                  // India, mobile
	"351": {first: "2369", min: 9, max: 9},                                          // Portugal
	"352": {first: "6", min: 9, max: 9},                                             // Luxembourg, mobile
	"354": {first: "45678", min: 7, max: 7},                                         // Iceland
	"356": {first: "279", min: 8, max: 8},                                           // Malta
	"357": {first: "29", min: 8, max: 8},                                            // Cyprus
	"370": {first: "3456789", min: 8, max: 8, trunk: []string{"8", "0"}},            // Lithuania
	"371": {first: "2689", min: 8, max: 8},                                          // Latvia
	"372": {first: "3456789", min: 7, max: 8},                                       // Estonia
	"420": {first: "2345679", min: 9, max: 9},                                       // Czechia
	"852": {first: "23456789", min: 8, max: 8},                                      // Hong Kong
}

// fits tells whether digits are a whole national number.
func (p *plan) fits(digits string) bool {
	return len(digits) >= p.min && len(digits) <= p.max && strings.IndexByte(p.first, digits[0]) >= 0
}

// national gives what stands behind the calling code when digits are a number
// as it is written inside the country; false when they are none.
func (p *plan) national(digits string) (string, bool) {
	if p.zero && digits[0] == '0' && len(digits) > 1 {
		return digits, true
	}
	for _, t := range p.trunk {
		if rest, ok := strings.CutPrefix(digits, t); ok && rest != "" && p.fits(rest) {
			return rest, true
		}
	}
	return digits, p.fits(digits)
}

// abroad gives calling code and number when digits begin as a call abroad does,
// other than by 00.
func (p *plan) abroad(digits string) (string, bool) {
	if p.exit == "" {
		return digits, false
	}
	rest, ok := strings.CutPrefix(digits, p.exit)
	return rest, ok && len(rest) > maxShort
}
