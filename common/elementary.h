// Elementary functions that have the same bits on any processor, for whatever a model is made of:
// a C library chooses among its own by the processor. These are SLEEF's deterministic ones (Shibata
// and Petrogalli 2020), and a series for Exp; their errors are below 1 ulp. What IEEE 754 fixes
// (std::sqrt, std::fma) needs none of them.
#pragma once

namespace fathom {

double Exp(double x);
double Log(double x);
double Log1p(double x);
double Pow(double base, double exponent);
double Sin(double x);
double Cos(double x);

}  // namespace fathom
