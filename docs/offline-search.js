/* The search of the theme, with two things that it lacks. Browsers give pages from a folder (file://)
   neither workers nor requests: the index is a script, and is searched on the page. And Chinese has no
   spaces between its words: pairs of neighbouring characters stand for words. */
(function () {
  var CHINESE = /[\u3400-\u9fff]+/g;
  function pairs(run) {
    var found = [];
    for (var i = 0; i + 1 < run.length; i++) found.push(run.substr(i, 2));
    return found.length ? found : [run];
  }
  function spaced(text) {
    return text.replace(CHINESE, function (run) { return " " + pairs(run).join(" ") + " "; });
  }
  function asked(text) {
    return text.replace(CHINESE, function (run) {
      var all = run.length > 1 ? pairs(run) : [run + "*"];
      return all.map(function (pair) { return " +" + pair; }).join("") + " ";
    });
  }
  function trim(token) {
    return token.update(function (s) {
      return s.replace(/^[^\p{L}\p{N}_]+/u, "").replace(/[^\p{L}\p{N}_]+$/u, "");
    });
  }
  function load(path, then) {
    var script = document.createElement("script");
    script.src = base_url.replace(/\/?$/, "/") + "search/" + path;
    script.onload = then;
    document.head.appendChild(script);
  }
  window.Worker = function () {
    var self = this, index, documents = {};
    function tell(data) { self.onmessage({ data: data }); }
    function build() {
      lunr.Pipeline.registerFunction(trim, "trimUnicode");
      index = lunr(function () {
        this.pipeline.before(lunr.trimmer, trim);
        this.pipeline.remove(lunr.trimmer);
        this.field("title", { boost: 10 });
        this.field("text");
        this.ref("location");
        window.searchIndex.docs.forEach(function (doc) {
          var words = { location: doc.location, title: spaced(doc.title), text: spaced(doc.text) };
          this.add(words);
          documents[doc.location] = doc;
        }, this);
      });
      tell({ config: window.searchIndex.config });
      tell({ allowSearch: true });
    }
    function find(query) {
      try {
        return index.search(asked(query));
      } catch (unfinished) { /* such as a colon, which means something to the index */
        return index.search(asked(query.replace(/[:^~+*-]/g, " ")));
      }
    }
    this.postMessage = function (message) {
      if (message.init) {
        load("lunr.js", function () { load("search_index.js", build); });
      } else if (message.query) {
        tell({ results: find(message.query).map(function (found) {
          var doc = documents[found.ref];
          return { location: doc.location, title: doc.title, summary: doc.text.substring(0, 200) };
        }) });
      }
    };
  };
})();
