--- The objects of the sample site that specs rely on. What is in them may change; that they are there may not.

return {
  objects = {
    { target = "/index.html", media_type = "text/html" },
    { target = "/docs/index.html", media_type = "text/html" },
    { target = "/data/catalogue.json", media_type = "application/json" },
    { target = "/assets/site.css", media_type = "text/css" },
    { target = "/robots.txt", media_type = "text/plain" },
  },
  big = "/media/big.bin",
  missing = "/no/such/page.html",
}
