"""The table of names: what each column is called in CSMAR, CNRDS, yearbooks and papers."""

from __future__ import annotations

__all__ = ["GREEN_PARTS", "KINDS", "SYNONYMS"]

# Entries are name|kind|synonyms, the surest synonym first: of two columns that mean the same, it
# wins.
_LINES = """
firm|firm|Stkcd, 股票代码, 证券代码, Symbol, Scode, 公司代码, 上市公司代码, 上市公司股票代码,
    股票代号, 公司股票代码, A股股票代码, A股代码, SecurityCode, StockCode, ticker, stkid,
    firm_code, firm_id, code, id
year|time|会计年度, 年份, 年度, 统计年度, 报告年度, Sgnyea, yr
date|date|统计截止日期, 截止日期, 会计期间, 报告期, EndDate, Accper, Reptdt, 截止日, 统计日期
name|text|股票简称, 证券简称, ShortName, 公司简称, 上市公司简称, Stknme, Coname, 公司名称,
    证券名称, 股票名称
industry|code|行业代码, 行业代码C, 证监会行业代码, 行业代码2012, Nnindcd, Indcd, Sicda,
    IndustryCode, IndustryCodeC, 行业代码D, IndustryCodeD, 所属行业代码, ind, 行业
industry_name|text|行业名称, 行业名称C, Nnindnme, Indnme, IndustryName, IndustryNameC, 所属行业,
    行业名称D
city|text|注册地城市, 注册地所在城市, 所属城市, 城市, CITY, 城市名称, city_name, 地级市, 所在城市,
    市
city_office|text|办公城市, 办公地城市, 办公地所在城市
city_code|code|CITYCODE, 城市代码, 所属城市代码, city_id, 行政区划代码, 城市行政区划代码
county|text|COUNTY, 注册地区县, 区县, 所属区县
province|text|省份, PROVINCE, 注册地省份, 所属省份, 所在省份, 省份名称, province_name, 省
province_code|code|PROVINCECODE, 省份代码, 所属省份代码
green_patents|count|绿色专利总数, 绿色专利总量, GreTotal, GreenPatents, GrePat
green_inventions|count|绿色发明专利申请, 绿色发明专利申请数, GreInv, 绿色发明
green_utility|count|绿色实用新型, 绿色实用新型专利申请, GreUti
green_patents_own|count|green_patent1
green_inventions_own|count|green_patent2
green_utility_own|count|green_patent3
green_patents_joint|count|green_patent4
green_inventions_joint|count|green_patent5
green_utility_joint|count|green_patent6
patents|count|专利总数, 专利申请总数, 专利申请数, 专利数量, 专利申请总量, 专利申请数量
inventions|count|Invention, 发明专利, 发明专利申请数, 发明, 发明专利数, 发明专利申请数量
utility_models|count|UtilityModel, 实用新型, 实用新型专利, 实用新型专利申请数, utility_model
designs|count|Design, 外观设计, 外观设计专利, 外观设计专利申请数
state_type|code|StateTypeCode, 统计口径编码, 统计口径, 报表类型编码
area|code|Area, 地区, 专利区域, 境内外, 区域
apply_type|code|ApplyTypeCode, 申请类型编码, 专利申请类型编码, 申请类型
statement|code|Typrep, 报表类型
ai_words|count|人工智能词频, AI词频, AIwords, 人工智能词频数, ai_word, AI词频数
ln_ai_words|log|lnAI, AI水平, lnAIwords, 人工智能水平, 人工智能词频对数
ai_patents|count|人工智能专利, 人工智能专利数, AIpatents, 人工智能专利申请数
robots|level|机器人渗透度, ExpRobot, robot, 工业机器人渗透度, 机器人密度
digital_finance|level|数字普惠金融指数, 数字金融, 数字普惠金融, index_aggregate, DIF
smart_manufacturing|level|智能制造, 智能制造试点, SmartManufacturing, 智能制造词频
soe|flag|产权性质, SOE, EquityNature, S0702b, 企业性质, 股权性质, 是否国有企业, 国有企业
status|status|交易状态, ST, LISTINGSTATE, 上市状态, 是否ST, Trdsta, 是否ST或PT
assets|money|A001000000, 资产总计, 总资产, 资产总额, TotalAssets
size|size|Size, 企业规模, 公司规模, lnassets, lnsize
leverage|share|F011201A, 资产负债率, Lev, 财务杠杆
roa|ratio|F050202B, ROA, 总资产净利润率, 资产收益率, 总资产净利率, 总资产收益率
roe|ratio|F050502B, ROE, 净资产收益率
tobin_q|level|F100902A, 托宾Q值A, 托宾Q值, 托宾Q, TobinQ
turnover|level|F041702B, 总资产周转率, ATO
capital_intensity|level|F041601B, 资本密集度
capital_growth|ratio|F080302A, 资本积累率
rd_intensity|ratio|F053401B, RDSpendSumRatio, 研发投入占营业收入比例, 研发强度,
    研发投入占营业收入比例
roic|ratio|F051201B, ROIC, 投入资本回报率
operating_cashflow|money|C001000000, 经营活动产生的现金流量净额
cashflow|ratio|现金流, 现金流比率, 经营现金流
inventory|ratio|存货占比, 存货占总资产比例, Inv
growth|ratio|营业收入增长率, 营收增长率
top1|share|第一大股东持股比例, Top1, 股权集中度
indep|share|独立董事比例, 独董比例, IndDirectorRatio, 独立董事占比
board|level|董事会规模, 董事人数
age|level|企业年龄, FirmAge, 公司年龄, 成立年限
list_age|level|ListAge, 上市年限, 上市年龄
employees|count|Y0601b, 员工人数, 员工总数, 职工人数, 在职员工数, 员工数, 从业人数
rd_staff|count|RDPerson, 研发人员数量, 研发人员数
rd_staff_share|share|RDPersonRatio, 研发人员数量占比, 研发人员占比, 研发人员数量占比
rd_spending|money|RDSpendSum, 研发投入金额
skilled_share|share|本科及以上占比, 高学历员工占比, 本科以上学历占比, 人力资本
clean_share|share|清洁产出占比, 清洁产品收入占比, 绿色产出占比
"""

SYNONYMS: dict[str, tuple[str, ...]] = {}
KINDS: dict[str, str] = {}
for _line in _LINES.replace(",\n    ", ", ").strip().splitlines():
    _name, _kind, _synonyms = _line.split("|")
    SYNONYMS[_name] = tuple(dict.fromkeys(word.strip() for word in _synonyms.split(",")))
    KINDS[_name] = _kind

GREEN_PARTS: tuple[tuple[str, str], ...] = tuple(
    (f"{own}{verb}的?绿色{what}", f"green_{stem}_{suffix}{granted}")
    for own, suffix in (("独立", "own"), ("联合", "joint"))
    for verb, granted in (("申请", ""), ("获得", "_granted"), ("授权", "_granted"))
    for what, stem in (("发明", "inventions"), ("实用新型", "utility"), ("专利", "patents"))
)
