// Package leaktest ends the tests of a package, and fails them if they have left goroutines: TestMain calls Main.
package leaktest

import (
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// patience is how long what ends with a connection or a program may take to do so: the machine may be busy with other tests.
const patience = time.Minute

// Main runs the tests, looks for goroutines that they have left, and ends the program. It does not return.
func Main(m *testing.M) {
	code := m.Run()
	for end := time.Now().Add(patience); code == 0; {
		left := goleak.Find() // looks for half a second
		if left == nil {
			break
		}
		if time.Now().After(end) {
			fmt.Fprintln(os.Stderr, "goroutines are left:", left)
			code = 1
		}
	}
	os.Exit(code)
}
