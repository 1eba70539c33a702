package ucp

import (
	"testing"

	"kurir/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }
