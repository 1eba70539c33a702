package store

import (
	"os"
	"testing"

	"kurir/leaktest"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashFolder); dir != "" {
		crashChild(dir) // does not return
	}
	leaktest.Main(m)
}
