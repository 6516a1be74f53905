// Accessibility of the report, at 390 pixels, light and dark: npm install axe-core puppeteer-core; node Docs/scripts/axe.cjs /absolute/report.html
const puppeteer=require('puppeteer-core');const fs=require('fs');
(async()=>{
 const b=await puppeteer.launch({executablePath:process.env.CHROMIUM || '/usr/bin/chromium',args:['--no-sandbox'],headless:true});
 const axe=fs.readFileSync(require.resolve('axe-core/axe.min.js'),'utf8');
 for(const f of process.argv.slice(2)) for(const dark of [false,true]){
  const p=await b.newPage(); await p.setBypassCSP(true);
  await p.emulateMediaFeatures([{name:'prefers-color-scheme',value:dark?'dark':'light'}]);
  await p.setViewport({width:390,height:844});
  await p.goto('file://'+f);
  await p.evaluate(axe);
  const r=await p.evaluate(()=>axe.run());
  const w=await p.evaluate(()=>document.documentElement.scrollWidth);
  console.log(f,dark?'dark':'light','width',w,'violations',r.violations.length);
  for(const v of r.violations) console.log('  ',v.id,v.nodes.length,v.nodes[0].html.slice(0,110),(v.nodes[0].any[0]||{}).message||'');
  await p.close();
 }
 await b.close();
})();
