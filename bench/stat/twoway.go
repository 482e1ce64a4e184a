package stat

import (
	"fmt"
	"math"
)

// A TwoWayFit is what is left of a table once rows and columns are taken off.
type TwoWayFit struct {
	// SD is the standard deviation of one value that is left, DF its degrees of freedom.
	SD float64
	DF int
	// Slope is by how much a value goes with the covariate, and SumSquares the sum of
	// squares of the covariate once rows and columns are taken off it, too: the variance
	// of Slope is SD² over it. Both are 0 without a covariate.
	Slope, SumSquares float64
}

// TwoWay fits an additive model to a table, a value for each row and column: a constant,
// a row's part and a column's part and, if covariate is not nil, a slope times the value
// that it has in the same place. What is left is the spread of one value once rows (arms)
// and columns (rounds) are taken off. NaN stands for a value that is missing; the fit is
// then that of least squares over what is there, found by turns of row and column means.
// A covariate that does not vary is left out.
//
// The degrees of freedom are values less rows less columns, plus one for each connected
// part of the table (Searle, Linear Models for Unbalanced Data, 1987, chapter 4): parts
// that share no row and no column have nothing in common; less one for the slope.
//
// It returns ErrTooFew where no degree of freedom is left, ErrNotFinite for infinities.
func TwoWay(table, covariate [][]float64) (TwoWayFit, error) {
	columns := 0
	for _, row := range table {
		columns = max(columns, len(row))
	}
	rest, err := copied(table, table, columns)
	if err != nil {
		return TwoWayFit{}, err
	}
	values := 0
	for _, row := range rest {
		for _, v := range row {
			if !math.IsNaN(v) {
				values++
			}
		}
	}
	rows, usedColumns, parts := shape(rest)
	out := TwoWayFit{DF: values - rows - usedColumns + parts}
	if out.DF < 1 {
		return TwoWayFit{}, fmt.Errorf("two-way fit of %d values in %d rows and %d columns: %w", values, rows, usedColumns, ErrTooFew)
	}
	sweep(rest)
	if covariate != nil {
		with, err := copied(covariate, rest, columns)
		if err != nil {
			return TwoWayFit{}, err
		}
		size := squares(with, with)
		sweep(with)
		// What is left of a constant is rounding.
		if left := squares(with, with); left > 1e-12*size && out.DF > 1 {
			out.Slope, out.SumSquares = squares(rest, with)/left, left
			out.DF--
			for i := range rest {
				for j := range rest[i] {
					rest[i][j] -= out.Slope * with[i][j]
				}
			}
		}
	}
	out.SD = math.Sqrt(squares(rest, rest) / float64(out.DF))
	if math.IsInf(out.SD, 0) || math.IsNaN(out.SD) {
		return TwoWayFit{}, fmt.Errorf("two-way fit: %w", ErrNotFinite)
	}
	return out, nil
}

// copied copies a table to full rows, with a gap where another one has one.
func copied(table, gaps [][]float64, columns int) ([][]float64, error) {
	out := make([][]float64, len(gaps))
	for i := range out {
		out[i] = make([]float64, columns)
		for j := range out[i] {
			out[i][j] = math.NaN()
			if i < len(table) && j < len(table[i]) && j < len(gaps[i]) && !math.IsNaN(gaps[i][j]) {
				out[i][j] = table[i][j]
			}
			if math.IsInf(out[i][j], 0) {
				return nil, fmt.Errorf("two-way fit: %w", ErrNotFinite)
			}
		}
	}
	return out, nil
}

// squares is the sum of products of two tables; gaps count nothing.
func squares(a, b [][]float64) float64 {
	sum := 0.0
	for i := range a {
		for j := range a[i] {
			if p := a[i][j] * b[i][j]; !math.IsNaN(p) {
				sum += p
			}
		}
	}
	return sum
}

// shape counts the rows and columns that have a value, and the connected parts of the
// table.
func shape(table [][]float64) (rows, columns, parts int) {
	if len(table) == 0 {
		return 0, 0, 0
	}
	n := len(table)
	parent := make([]int, n+len(table[0])) // rows, then columns
	for i := range parent {
		parent[i] = i
	}
	root := func(i int) int {
		for parent[i] != i {
			i = parent[i]
		}
		return i
	}
	seen := make([]bool, len(parent))
	for i, row := range table {
		for j, v := range row {
			if !math.IsNaN(v) {
				seen[i], seen[n+j] = true, true
				parent[root(i)] = root(n + j)
			}
		}
	}
	for i, there := range seen {
		if !there {
			continue
		}
		if i < n {
			rows++
		} else {
			columns++
		}
		if root(i) == i {
			parts++
		}
	}
	return rows, columns, parts
}

// sweep takes row and column means off a table, in turns, until nothing changes. A table
// without gaps is done after one turn.
func sweep(table [][]float64) {
	const turns, enough = 1000, 1e-12
	scale := 0.0
	for range turns {
		moved := 0.0
		for _, row := range table {
			moved = math.Max(moved, takeMean(len(row), func(j int) *float64 { return &row[j] }))
		}
		for j := range table[0] {
			moved = math.Max(moved, takeMean(len(table), func(i int) *float64 { return &table[i][j] }))
		}
		scale = math.Max(scale, moved)
		if moved <= enough*scale {
			return
		}
	}
}

// takeMean takes the mean of a row or a column off it and returns its size.
func takeMean(n int, at func(int) *float64) float64 {
	sum, count := 0.0, 0
	for i := range n {
		if v := *at(i); !math.IsNaN(v) {
			sum += v
			count++
		}
	}
	if count == 0 {
		return 0
	}
	mean := sum / float64(count)
	for i := range n {
		*at(i) -= mean // NaN stays NaN
	}
	return math.Abs(mean)
}
